package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;

/** The chart, installed, upgraded and removed by Helm, in a namespace that admits only what Pod Security calls restricted. */
@ExtendWith(TestCluster.Resolver.class)
@EnabledIfEnvironmentVariable(
        named = HelmE2E.HELM,
        matches = ".+",
        disabledReason = "the program helm is needed; e2e/run builds it where there is Go")
class HelmE2E {
    static final String HELM = "E2E_HELM";

    private static final String NAMESPACE = "wolf-helm";
    private static final String RELEASE = "tunnels";
    /** The release's, in the cluster or in the namespace. */
    private static final String OF_THE_RELEASE = "app.kubernetes.io/instance=" + RELEASE;

    private static final String WOLF_ID_PREFIX = "helm-";
    /** What is in the namespace without Helm, and the Lease, which the operator itself makes. */
    private static final List<String> NOT_OF_HELM = List.of(
            "configmap/kube-root-ca.crt",
            "serviceaccount/default",
            "secret/wolf-token",
            "lease.coordination.k8s.io/" + TestCluster.OPERATOR);

    private final TestCluster cluster;
    private final String chart;

    HelmE2E(TestCluster cluster) {
        this.cluster = cluster;
        this.chart = cluster.manifests("helm/wolf-tunnel-operator").toString();
    }

    /** The cluster-wide operator is stopped meanwhile, so that only Helm's can have done the work. */
    @Test
    void helmInstallsUpgradesWithoutAnInterruptionAndRemovesTheOperator() throws Exception {
        cluster.scaleOperator(0);
        try {
            cluster.createNamespace(NAMESPACE);
            Command.kubectl("", "label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted");
            cluster.writeSecret(NAMESPACE, "wolf-token", "token", TestCluster.RUNNER_TOKEN);
            Command.kubectl("", "apply", "--server-side", "--force-conflicts", "-f", chart + "/crds");
            assertThat(helm("install", RELEASE, chart, "--wait", "--timeout=120s"))
                    .contains("serves WolfTunnels in " + NAMESPACE);

            try (AppliedWolfTunnel tunnel = cluster.applyWolfTunnel(NAMESPACE, "gpu-nodes", restrictedSpec())) {
                tunnel.awaitReady();
                upgradeUnderLoad(tunnel);
            }
            helm("uninstall", RELEASE, "--cascade=foreground", "--wait", "--timeout=120s");

            assertThat(inNamespace()).contains("secret/wolf-token").isSubsetOf(NOT_OF_HELM);
            assertThat(Command.shell("kubectl get clusterroles,clusterrolebindings,validatingadmissionpolicies,"
                            + "validatingadmissionpolicybindings,customresourcedefinitions -o name -l "
                            + OF_THE_RELEASE + " 2> /dev/null"))
                    .isBlank();
            assertThat(Command.kubectl("", "get", "crd", "wolftunnels.wolf.helix.ml", "-o", "name"))
                    .isNotBlank();
        } finally {
            Command.attempt(System.getenv(HELM) + " uninstall --namespace " + NAMESPACE + " " + RELEASE);
            cluster.removeNamespace(NAMESPACE);
            cluster.scaleOperator(2);
            cluster.awaitRollout(TestCluster.OPERATOR_NAMESPACE, "deployment/" + TestCluster.OPERATOR);
        }
    }

    /** Another value replaces the operator's pods; the agent's stay, and no request through the tunnel fails. */
    private void upgradeUnderLoad(AppliedWolfTunnel tunnel) throws IOException, InterruptedException {
        List<String> agents = TestCluster.podInstances(tunnel.pods());
        var connects = tunnel.onlyTunnel().connects();
        String operators = operatorPods();
        try (LocalPortForward forward = cluster.controlPlane().forward();
                var load = Load.steadyToEach(forward.getLocalPort(), List.of(WOLF_ID_PREFIX + firstNode()))) {
            load.awaitAnswers(20);

            helm("upgrade", RELEASE, chart, "--reset-then-reuse-values", "--set=logLevel=debug", "--wait");
            load.awaitAnswers(20);

            assertThat(load.failures()).isEmpty();
        }
        cluster.awaitRollout(NAMESPACE, "deployment/" + TestCluster.OPERATOR);
        assertThat(operatorPods()).isNotEqualTo(operators);
        assertThat(TestCluster.podInstances(tunnel.pods())).isEqualTo(agents);
        assertThat(tunnel.onlyTunnel().connects()).isEqualTo(connects);
        // The new operator reconciles: the status is of this generation.
        tunnel.applySpec(restrictedSpec() + "paused: true\n");
        tunnel.expectStatusEventually(StatusExpectation.allConnected());
    }

    private String operatorPods() {
        return Command.kubectl(
                "",
                "-n",
                NAMESPACE,
                "get",
                "replicasets",
                "-l",
                "app.kubernetes.io/name=" + TestCluster.OPERATOR,
                "-o",
                "jsonpath={range .items[?(@.spec.replicas>0)]}{.metadata.name}{end}");
    }

    private static String helm(String... arguments) {
        return Command.shell(System.getenv(HELM) + " --namespace " + NAMESPACE + " " + String.join(" ", arguments));
    }

    /** Every object in the namespace, but events. */
    private static List<String> inNamespace() {
        return Command.shell("kubectl api-resources --namespaced --verbs=list,delete -o name | grep -v '^events'"
                        + " | paste -sd, | xargs -I{} kubectl -n " + NAMESPACE
                        + " get {} --ignore-not-found -o name 2> /dev/null")
                .lines()
                .toList();
    }

    private String firstNode() {
        return cluster.nodes().getFirst();
    }

    /** A WolfTunnel on the first node with a Wolf in its pod, which Pod Security admits as restricted. */
    private String restrictedSpec() {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                wolfId: {source: NodeName, prefix: %s}
                wolf:
                  address: localhost:8080
                  container:
                    image: "%s"
                    readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
                    securityContext:
                      runAsNonRoot: true
                      runAsUser: 65532
                      allowPrivilegeEscalation: false
                      capabilities: {drop: [ALL]}
                      seccompProfile: {type: RuntimeDefault}
                pod: {nodeSelector: {kubernetes.io/hostname: %s}}
                """.formatted(cluster.controlPlane().url(), WOLF_ID_PREFIX, StandInManifests.IMAGE, firstNode());
    }
}
