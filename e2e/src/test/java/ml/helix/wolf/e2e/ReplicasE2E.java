package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.testkit.PostgresServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas of the control plane, as {@code manifests/control-plane} installs them, with a PostgreSQL outside the cluster. */
@ExtendWith(TestCluster.Resolver.class)
class ReplicasE2E {
    private static final String NAMESPACE = "wolf-replicas";

    private final TestCluster cluster;

    ReplicasE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** The callers use the replica that lives on. The one that is killed holds at least one of the tunnels. */
    @Test
    void aReplicaThatIsKilledUnderLoadCostsNoRequestOfTheOther(@TempDir Path folder) throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        String host = System.getenv("CLUSTER_HOST_IP");
        assumeTrue(host != null, "CLUSTER_HOST_IP is not set: pods need an address of this machine for PostgreSQL");

        try (PostgresServer postgres = PostgresServer.start(host)) {
            install(postgres.createDatabase(), folder);
            String url = new ControlPlane(cluster.client(), NAMESPACE).url();
            String spec = cluster.sidecarSpecOnEveryNode()
                    .replaceFirst("controlPlane: .*", "controlPlane: {url: \"" + url + "\"}")
                    .concat("wolfId: {source: NodeName}\n");
            try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("two-replicas", spec)) {
                wolfTunnel.awaitReady();
                killTheHolderUnderLoad();
                wolfTunnel.expectConnected();
            }
        } finally {
            cluster.removeNamespace(NAMESPACE);
        }
    }

    private void install(String store, Path folder) throws IOException {
        cluster.createNamespace(NAMESPACE);
        cluster.writeSecret(
                NAMESPACE,
                "wolf-control-plane-tokens",
                "runner",
                TestCluster.RUNNER_TOKEN,
                "admin",
                TestCluster.ADMIN_TOKEN);
        cluster.writeSecret(
                NAMESPACE,
                "wolf-control-plane-store",
                "url",
                store,
                "user",
                PostgresServer.USER,
                "password",
                PostgresServer.PASSWORD);
        Path real = folder.toRealPath();
        Files.writeString(real.resolve("kustomization.yaml"), """
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: %s
                resources: ["%s"]
                """.formatted(
                        NAMESPACE, real.relativize(cluster.manifests("control-plane"))));
        Command.kubectl("", "apply", "-k", real.toString());
        cluster.awaitRollout(NAMESPACE, "deployment/" + ControlPlane.NAME);
    }

    private void killTheHolderUnderLoad() throws Exception {
        List<Pod> replicas = cluster.client()
                .pods()
                .inNamespace(NAMESPACE)
                .withLabel("app.kubernetes.io/name", ControlPlane.NAME)
                .list()
                .getItems();
        assertThat(replicas).hasSize(2);
        Pod holder = holdsATunnel(replicas.getFirst()) ? replicas.getFirst() : replicas.getLast();
        assertThat(holdsATunnel(holder)).isTrue();
        Pod other = holder == replicas.getFirst() ? replicas.getLast() : replicas.getFirst();

        try (LocalPortForward forward = forward(other);
                var load = Load.toEach(forward.getLocalPort(), cluster.nodes())) {
            load.awaitAnswers(20);
            Command.kubectl(
                    "",
                    "-n",
                    NAMESPACE,
                    "delete",
                    "pod",
                    holder.getMetadata().getName(),
                    "--force",
                    "--grace-period=0");
            long killed = System.nanoTime();
            load.awaitAnswers(100);
            Map<String, Long> longest = load.longestSince(killed);
            System.out.printf(
                    "e2e: a replica killed under load: %d requests answered, %d failed; longest request, by Wolf: %s ms%n",
                    load.answered(), load.failures().size(), longest);
            assertThat(load.failures()).isEmpty();
        }
    }

    private boolean holdsATunnel(Pod replica) throws Exception {
        try (LocalPortForward forward = forward(replica);
                HttpClient http = HttpClient.newHttpClient()) {
            var response = http.send(
                    Load.request(forward.getLocalPort(), "/api/v1/revdial/stats?scope=local"), BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return !response.body().contains("\"activeConnections\":0,");
        }
    }

    private LocalPortForward forward(Pod pod) {
        return cluster.client().pods().resource(pod).portForward(8080);
    }
}
