package ml.helix.wolf.kubectl.cluster;

import java.util.List;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.status.NearNames;
import ml.helix.wolf.kubectl.status.WolfTunnel;

/** Reads WolfTunnels. */
public final class WolfTunnels {
    public static final String API = "/apis/wolf.helix.ml/v1alpha1";

    private final Cluster cluster;

    public WolfTunnels(Cluster cluster) {
        this.cluster = cluster;
    }

    /** All of the namespace. */
    public List<WolfTunnel> list() throws Failure {
        return list("list WolfTunnels in namespace " + cluster.namespace(), path(cluster.namespace()));
    }

    /** Those of all namespaces. */
    public List<WolfTunnel> listOfAllNamespaces() throws Failure {
        return list("list WolfTunnels in all namespaces", API + "/wolftunnels");
    }

    private List<WolfTunnel> list(String what, String path) throws Failure {
        Answer answer = cluster.get(path);
        if (answer.isFine()) {
            return WolfTunnel.listOf(answer.body());
        }
        throw answer.isNotFound() ? noCrd() : cluster.refusal(what, answer);
    }

    /** One of the namespace; if it doesn't exist, the failure has near names. */
    public WolfTunnel get(String name) throws Failure {
        Answer answer = cluster.get(path(cluster.namespace()) + "/" + PathSegment.of(name));
        if (answer.isFine()) {
            return WolfTunnel.of(answer.body());
        } else if (!answer.isNotFound()) {
            throw cluster.refusal("get WolfTunnel " + cluster.namespace() + "/" + name, answer);
        }
        throw answer.namesAnObject() ? noSuch(name) : noCrd();
    }

    private static String path(String namespace) {
        return ResourcePath.of(API, namespace, "wolftunnels");
    }

    private Failure noCrd() {
        return new Failure(
                "the cluster " + cluster.server()
                        + " has no WolfTunnels: the CRD is not installed. kubectl apply --server-side -k manifests/crds installs it");
    }

    private Failure noSuch(String name) throws Failure {
        String what = "there is no WolfTunnel " + name + " in namespace " + cluster.namespace() + ".";
        Answer everywhere = cluster.get(API + "/wolftunnels");
        if (everywhere.isFine()) {
            List<WolfTunnel> all = WolfTunnel.listOf(everywhere.body());
            List<String> elsewhere = all.stream()
                    .filter(one -> one.name().equals(name))
                    .map(WolfTunnel::namespace)
                    .toList();
            if (!elsewhere.isEmpty()) {
                return new Failure(what + " There is one in " + String.join(", ", elsewhere) + ": use -n");
            }
            return new Failure(what
                    + NearNames.question(
                            name,
                            all.stream()
                                    .filter(one -> one.namespace().equals(cluster.namespace()))
                                    .map(WolfTunnel::name)
                                    .toList()));
        }
        return new Failure(what
                + NearNames.question(name, list().stream().map(WolfTunnel::name).toList()));
    }
}
