package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.testkit.ManualScheduler;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The operator writes nothing if nothing changes its meaning; the API server counts. Time is simulated. */
@ExtendWith(RealApiServer.class)
class QuietIT {
    private static final String HEALTHY = "127.0.0.41";
    private static final String FAILING = "127.0.0.42";
    private static final String SILENT = "127.0.0.43";
    private static final Duration TICK = Duration.ofSeconds(5);

    private final ManualScheduler time = new ManualScheduler();
    private RealApiServer.Running server;
    private Testbed testbed;
    private FakeAgent healthy;
    private FakeAgent failing;

    @BeforeEach
    void setUp(RealApiServer.Running running) {
        server = running;
        var start = Instant.parse("2026-01-01T00:00:00Z");
        testbed = new Testbed(running);
        testbed.operate(testbed.setup().timers(time).clock(() -> start.plusNanos(time.nanoTime())));
        testbed.token("t");
        healthy = new FakeAgent(HEALTHY, 0).connected("a1");
        failing = new FakeAgent(FAILING, healthy.port());
    }

    @AfterEach
    void tearDown() {
        testbed.close();
        healthy.close();
        failing.close();
    }

    @Test
    void tenQuietMinutesOfAHealthyWolfTunnelWriteNothing() throws Exception {
        failing.connected("a2");
        rolledOut();
        testbed.podRuns("node-1", HEALTHY, true);
        testbed.podRuns("node-2", FAILING, true);
        testbed.rolledOut(2, 2);
        awaitReady("True Connected");
        tenQuietMinutes(tuple("node-1", "a1", null), tuple("node-2", "a2", null));
    }

    @Test
    void tenMinutesOfAgentsThatFailForTheSameReasonWriteNothing() throws Exception {
        failing.failing("ConnectFailure", "connection refused: 10.0.0.7:443 from port <n>");
        rolledOut();
        testbed.podRuns("node-1", HEALTHY, true);
        testbed.podRuns("node-2", FAILING, false);
        testbed.podRuns("node-3", SILENT, true);
        testbed.rolledOut(3, 3);
        awaitReady("False ConnectFailure");
        tenQuietMinutes(
                tuple("node-1", "a1", null),
                tuple("node-2", "w", "ConnectFailure"),
                tuple("node-3", null, "StatusUnreachable"));
    }

    @Test
    void tenMinutesWithoutATokenWriteNothing() throws Exception {
        testbed.admin
                .secrets()
                .inNamespace(testbed.namespace)
                .withName("wolf-token")
                .delete();
        testbed.apply("{}");
        awaitReady("False RunnerTokenMissing");
        Eventually.holds(() -> assertThat(testbed.statusWrites()).as("answered").isPositive());
        int before = testbed.writes().size();
        for (int minute = 0; minute < 10; minute++) {
            time.advance(Duration.ofMinutes(1));
        }
        assertThat(testbed.writes()).hasSize(before);
    }

    @Test
    void sameManifestAppliedAndReplacedInEveryWayWritesNothing(@TempDir Path folder) throws Exception {
        var kubectl = new Kubectl(server, folder);
        var manifest = WolfTunnelYaml.of(
                testbed.namespace,
                Testbed.NAME,
                "{wolf: {container: {image: wolf, resources: {limits: {cpu: 1000m, memory: 1024Mi}}}}}");
        kubectl.run(manifest, "apply", "-f", "-");
        testbed.awaitDaemonSet();
        testbed.rolledOut(0, 0);
        awaitReady("True NoMatchingNodes");
        testbed.awaitIdle();
        int before = testbed.writes().size();

        kubectl.run(manifest, "apply", "-f", "-");
        kubectl.run(manifest, "apply", "--server-side", "--force-conflicts", "-f", "-");
        kubectl.run(manifest, "apply", "--server-side", "--field-manager=argocd", "--force-conflicts", "-f", "-");
        kubectl.run(manifest, "replace", "-f", "-");
        kubectl.run(manifest, "apply", "-f", "-");
        kubectl.run("", "-n", testbed.namespace, "annotate", "wolftunnel", Testbed.NAME, "example.com/by=somebody");
        testbed.awaitIdle();
        assertThat(testbed.resource().getMetadata().getGeneration()).isEqualTo(1);
        assertThat(testbed.writes()).hasSize(before);
    }

    @Test
    void additionsOfOthersToTheDaemonSetAreLeftAlone(@TempDir Path folder) throws Exception {
        var kubectl = new Kubectl(server, folder);
        rolledOut();
        kubectl.run("", "-n", testbed.namespace, "rollout", "restart", "daemonset", Testbed.AGENTS);
        kubectl.run("", "-n", testbed.namespace, "patch", "daemonset", Testbed.AGENTS, "--patch", """
                {"metadata": {"labels": {"mesh.example.com/revision": "7"}},
                 "spec": {"template": {
                   "metadata": {"annotations": {"mesh.example.com/injected": "yes"}, "labels": {"mesh.example.com/in": "yes"}},
                   "spec": {"containers": [{"name": "mesh-proxy", "image": "mesh:1"}], "volumes": [{"name": "mesh", "emptyDir": {}}]}}}}""");
        testbed.awaitIdle();
        testbed.operate();
        testbed.awaitIdle();

        var template = testbed.daemonSet().getSpec().getTemplate();
        assertThat(template.getMetadata().getAnnotations())
                .containsKeys("kubectl.kubernetes.io/restartedAt", "mesh.example.com/injected");
        assertThat(template.getMetadata().getLabels()).containsKey("mesh.example.com/in");
        assertThat(template.getSpec().getContainers())
                .extracting(container -> container.getName())
                .containsExactlyInAnyOrder("agent", "mesh-proxy");
        assertThat(testbed.daemonSet().getMetadata().getGeneration())
                .as("made, restarted, injected")
                .isEqualTo(3);
        assertThat(testbed.daemonSet().getMetadata().getLabels()).containsKey("mesh.example.com/revision");
    }

    @Test
    void ownFieldsThatAMutatingWebhookChangesAreNotRepaired(@TempDir Path folder) throws Exception {
        var image = "[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/image\","
                + " \"value\": \"mirror.example.com/agent:1\"}]";
        try (var webhook = new Webhook(testbed.admin, testbed.namespace, folder, image)) {
            Eventually.holds(() -> {
                testbed.admin.resource(probe()).dryRun().create();
                assertThat(webhook.calls()).as("the API server calls it").isPositive();
            });
            rolledOut();
            testbed.awaitIdle();
            int before = testbed.writes().size();
            testbed.rolledOut(0, 0);
            awaitReady("True NoMatchingNodes");
            testbed.awaitIdle();
            assertThat(testbed.agentImage()).isEqualTo("mirror.example.com/agent:1");
            assertThat(testbed.writes().stream().skip(before))
                    .extracting(AuditedRequest::permission)
                    .containsOnly("patch wolf.helix.ml/wolftunnels/status");
        }
    }

    private DaemonSet probe() {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace(testbed.namespace)
                .withName("probe")
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("a", "b")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("a", "b")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("i")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private void rolledOut() throws Exception {
        testbed.apply("{agent: {port: %d}}".formatted(healthy.port()));
        testbed.awaitDaemonSet();
    }

    private void awaitReady(String ready) throws Exception {
        Eventually.holds(() -> {
            time.advance(Duration.ofMillis(100));
            assertThat(testbed.statusAndReason("Ready")).isEqualTo(ready);
        });
    }

    /** @param tunnels by node, with the Wolf id and the reason: what the answers mean */
    private void tenQuietMinutes(Tuple... tunnels) throws Exception {
        Eventually.holds(() -> {
            time.advance(TICK);
            assertThat(testbed.resource().getStatus().tunnels())
                    .extracting(row -> row.node(), row -> row.wolfId(), row -> row.reason())
                    .containsExactlyInAnyOrder(tunnels);
        });
        allHaveAnswered(tunnels.length);
        testbed.awaitIdle();
        int before = testbed.writes().size();
        int polls = healthy.polls();
        for (int tick = 0; tick < 120; tick++) {
            time.advance(TICK);
            allHaveAnswered(tunnels.length);
            if (tick % 12 == 0) {
                testbed.awaitPass();
            }
        }
        assertThat(healthy.polls() - polls).isBetween(60, 140);
        assertThat(testbed.writes()).hasSize(before);
    }

    private void allHaveAnswered(int agents) throws Exception {
        Eventually.holds(() -> assertThat(time.waitingTasks()).isEqualTo(agents));
    }
}
