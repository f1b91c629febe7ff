package ml.helix.wolf.kubectl.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.cluster.Pods;
import ml.helix.wolf.kubectl.cluster.ResourcePath;
import ml.helix.wolf.kubectl.cluster.SecretKey;
import ml.helix.wolf.kubectl.cluster.ServiceAddress;
import ml.helix.wolf.kubectl.cluster.WolfTunnels;
import ml.helix.wolf.kubectl.controlplane.ControlPlane;
import ml.helix.wolf.kubectl.controlplane.Endpoint;
import ml.helix.wolf.kubectl.controlplane.Reach;
import ml.helix.wolf.kubectl.controlplane.Trust;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.certificates.CaBundle;
import picocli.CommandLine.Option;

/** Which control plane, and with which admin token. What is not said is found in the cluster, if it is unique there. */
final class ControlPlaneFlags {
    static final String URL = "WOLF_CONTROL_PLANE";
    static final String TOKEN = "WOLF_ADMIN_TOKEN";
    static final String TOKEN_FILE = "WOLF_ADMIN_TOKEN_FILE";
    static final String TOKEN_SECRET = "WOLF_ADMIN_TOKEN_SECRET";

    @Option(
            names = "--control-plane",
            paramLabel = "URL",
            description =
                    "The control plane. http://SERVICE.NAMESPACE.svc:PORT goes through the cluster's API server. Default: "
                            + URL + ", or the URL that all WolfTunnels of the namespace have")
    private String url = "";

    @Option(
            names = "--control-plane-ca",
            paramLabel = "FILE",
            description = "PEM certificates to trust in place of the system's. Default: those of the WolfTunnel")
    private String caFile = "";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "A file with an admin token. Default: " + TOKEN_FILE + ", or " + TOKEN + " by value")
    private String tokenFile = "";

    @Option(
            names = "--token-secret",
            paramLabel = "[NAMESPACE/]NAME[:KEY]",
            description = "A Secret of the cluster with an admin token, by default in its key admin. Default: "
                    + TOKEN_SECRET)
    private String tokenSecret = "";

    /** What a command works with. {@link #close} ends what leads there. */
    static final class Opened implements AutoCloseable {
        private final Lazy cluster;
        private final ControlPlane controlPlane;

        private Opened(Lazy cluster, ControlPlane controlPlane) {
            this.cluster = cluster;
            this.controlPlane = controlPlane;
        }

        ControlPlane controlPlane() {
            return controlPlane;
        }

        @Override
        public void close() {
            cluster.close();
        }
    }

    Opened open(Session session, ClusterFlags clusterFlags) throws Failure {
        var lazy = new Lazy(session, clusterFlags);
        try {
            return open(session.environment(), lazy);
        } catch (Failure e) {
            lazy.close();
            throw e;
        }
    }

    private Opened open(Map<String, String> environment, Lazy lazy) throws Failure {
        String given = url.isEmpty() ? environment.getOrDefault(URL, "") : url;
        Found found = given.isEmpty() ? find(lazy) : new Found(given, Optional.empty());
        Endpoint endpoint = Endpoint.of(found.url());
        Secret token = token(environment, lazy, endpoint);
        SSLSocketFactory trust = endpoint.secure() ? trust(found, lazy) : Trust.ofTheSystem();
        Optional<ServiceAddress> service = ServiceAddress.of(endpoint.host());
        Reach reach = service.isPresent()
                ? Reach.at("127.0.0.1", lazy.pods().forward(service.get(), endpoint.port()))
                : Reach.directly(endpoint);
        return new Opened(lazy, new ControlPlane(endpoint, reach, trust, token));
    }

    /** A URL, and the WolfTunnel that has it. */
    private record Found(String url, Optional<WolfTunnel> wolfTunnel) {}

    private static Found find(Lazy lazy) throws Failure {
        String say = "say which with --control-plane URL or " + URL;
        Cluster cluster = lazy.cluster();
        Map<String, WolfTunnel> urls = new LinkedHashMap<>();
        for (WolfTunnel wolfTunnel : new WolfTunnels(cluster).list()) {
            wolfTunnel.urls().forEach(one -> urls.putIfAbsent(one, wolfTunnel));
        }
        return switch (urls.size()) {
            case 0 ->
                throw new Failure("no control plane: there is no WolfTunnel in namespace " + cluster.namespace()
                        + " that names one. Use its namespace (-n), or " + say);
            case 1 ->
                new Found(
                        urls.keySet().iterator().next(),
                        Optional.of(urls.values().iterator().next()));
            default ->
                throw new Failure("the WolfTunnels of namespace " + cluster.namespace()
                        + " have several control planes, " + String.join(", ", urls.keySet()) + ": " + say);
        };
    }

    private Secret token(Map<String, String> environment, Lazy lazy, Endpoint endpoint) throws Failure {
        String file =
                tokenFile.isEmpty() && tokenSecret.isEmpty() ? environment.getOrDefault(TOKEN_FILE, "") : tokenFile;
        String secret =
                tokenSecret.isEmpty() && file.isEmpty() ? environment.getOrDefault(TOKEN_SECRET, "") : tokenSecret;
        if (!file.isEmpty()) {
            return token("the file " + file, read(file));
        } else if (environment.containsKey(TOKEN) && tokenSecret.isEmpty()) {
            return token("the variable " + TOKEN, environment.get(TOKEN).getBytes(StandardCharsets.UTF_8));
        } else if (!secret.isEmpty()) {
            var key = SecretKey.parse(secret, lazy.cluster().namespace(), "admin");
            return token(
                    "the key " + key.key() + " of the Secret " + key.namespace() + "/" + key.name(),
                    key.readSecret(lazy.cluster()));
        }
        throw new Failure("no admin token for " + endpoint
                + ": give it with --token-file FILE, --token-secret [NAMESPACE/]NAME[:KEY], " + TOKEN_FILE + ", "
                + TOKEN
                + " or " + TOKEN_SECRET
                + ServiceAddress.of(endpoint.host())
                        .map(service -> ". manifests/control-plane has it in the Secret " + service.namespace()
                                + "/wolf-control-plane-tokens")
                        .orElse(""));
    }

    private static Secret token(String where, byte[] content) throws Failure {
        try {
            return AdminToken.parse(content);
        } catch (IllegalArgumentException e) {
            throw new Failure("the admin token in " + where + " " + e.getMessage(), e);
        }
    }

    private static byte[] read(String file) throws Failure {
        try {
            return Files.readAllBytes(Path.of(file));
        } catch (NoSuchFileException e) {
            throw new Failure("there is no file " + file, e);
        } catch (IOException e) {
            throw new Failure("can't read " + file + ": " + e.getMessage(), e);
        }
    }

    private SSLSocketFactory trust(Found found, Lazy lazy) throws Failure {
        if (!caFile.isEmpty()) {
            return only("the file " + caFile, read(caFile));
        }
        Optional<JsonNode> reference = found.wolfTunnel()
                .map(one -> one.json().path("spec").path("controlPlane").path("caBundleRef"))
                .filter(node -> node.has("name"));
        if (reference.isEmpty()) {
            return Trust.ofTheSystem();
        }
        String namespace = found.wolfTunnel().orElseThrow().namespace();
        String name = reference.get().path("name").asText();
        String where = "the ConfigMap " + namespace + "/" + name;
        JsonNode map =
                lazy.cluster().read("read " + where, ResourcePath.of(ResourcePath.CORE, namespace, "configmaps", name));
        String key = reference.get().path("key").asText("ca.crt");
        return only(where, map.path("data").path(key).asText().getBytes(StandardCharsets.ISO_8859_1));
    }

    private static SSLSocketFactory only(String where, byte[] pem) throws Failure {
        try {
            return Trust.only(List.copyOf(CaBundle.parse(pem).certificates()));
        } catch (IllegalArgumentException e) {
            throw new Failure(where + " " + e.getMessage(), e);
        }
    }

    /** The cluster, if it is needed. */
    private static final class Lazy implements AutoCloseable {
        private final Session session;
        private final ClusterFlags clusterFlags;
        private Optional<Cluster> cluster = Optional.empty();
        private Optional<Pods> pods = Optional.empty();

        Lazy(Session session, ClusterFlags clusterFlags) {
            this.session = session;
            this.clusterFlags = clusterFlags;
        }

        Cluster cluster() throws Failure {
            if (cluster.isEmpty()) {
                cluster = Optional.of(clusterFlags.connect(session));
            }
            return cluster.get();
        }

        Pods pods() throws Failure {
            if (pods.isEmpty()) {
                pods = Optional.of(new Pods(cluster()));
            }
            return pods.get();
        }

        @Override
        public void close() {
            pods.ifPresent(Pods::close);
            cluster.ifPresent(Cluster::close);
        }
    }
}
