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

/** What the operator writes where nothing changes its meaning: nothing, counted by the API server. Time is simulated. */
@ExtendWith(RealApiServer.class)
class QuietIT {
    private static final String HEALTHY = "127.0.0.41";
    private static final String FAILING = "127.0.0.42";
    private static final String MUTE = "127.0.0.43";
    private static final Duration TICK = Duration.ofSeconds(5);

    private final ManualScheduler time = new ManualScheduler();
    private RealApiServer.Running server;
    private Trial trial;
    private FakeAgent healthy;
    private FakeAgent failing;

    @BeforeEach
    void begin(RealApiServer.Running running) {
        server = running;
        var start = Instant.parse("2026-01-01T00:00:00Z");
        trial = new Trial(running);
        trial.operate(trial.setup().timers(time).clock(() -> start.plusNanos(time.nanoTime())));
        trial.token("t");
        healthy = new FakeAgent(HEALTHY, 0).connected("a1");
        failing = new FakeAgent(FAILING, healthy.port());
    }

    @AfterEach
    void end() {
        trial.close();
        healthy.close();
        failing.close();
    }

    @Test
    void tenQuietMinutesOfAHealthyTunnelWriteNothing() throws Exception {
        failing.connected("a2");
        rolledOut();
        trial.podRuns("node-1", HEALTHY, true);
        trial.podRuns("node-2", FAILING, true);
        trial.rolledOut(2, 2);
        told("True Connected");
        tenQuietMinutes(tuple("node-1", "a1", null), tuple("node-2", "a2", null));
    }

    @Test
    void tenMinutesOfAgentsThatKeepFailingForTheSameReasonWriteNothing() throws Exception {
        failing.failing("ConnectFailure", "connection refused: 10.0.0.7:443 from port <n>");
        rolledOut();
        trial.podRuns("node-1", HEALTHY, true);
        trial.podRuns("node-2", FAILING, false);
        trial.podRuns("node-3", MUTE, true);
        trial.rolledOut(3, 3);
        told("False ConnectFailure");
        tenQuietMinutes(
                tuple("node-1", "a1", null),
                tuple("node-2", "w", "ConnectFailure"),
                tuple("node-3", null, "StatusUnreachable"));
    }

    @Test
    void tenMinutesWithoutATokenWriteNothing() throws Exception {
        trial.admin
                .secrets()
                .inNamespace(trial.namespace)
                .withName("wolf-token")
                .delete();
        trial.apply("{}");
        told("False RunnerTokenMissing");
        Eventually.holds(() -> assertThat(trial.statusWrites()).as("answered").isPositive());
        int before = trial.writes().size();
        for (int minute = 0; minute < 10; minute++) {
            time.advance(Duration.ofMinutes(1));
        }
        assertThat(trial.writes()).hasSize(before);
    }

    @Test
    void sameManifestAppliedAndReplacedInEveryWayWritesNothing(@TempDir Path folder) throws Exception {
        var kubectl = new Kubectl(server, folder);
        var manifest = WolfTunnelYaml.of(
                trial.namespace,
                Trial.TUNNEL,
                "{wolf: {container: {image: wolf, resources: {limits: {cpu: 1000m, memory: 1024Mi}}}}}");
        kubectl.run(manifest, "apply", "-f", "-");
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
        trial.rolledOut(0, 0);
        told("True NoMatchingNodes");
        trial.settled();
        int before = trial.writes().size();

        kubectl.run(manifest, "apply", "-f", "-");
        kubectl.run(manifest, "apply", "--server-side", "--force-conflicts", "-f", "-");
        kubectl.run(manifest, "apply", "--server-side", "--field-manager=argocd", "--force-conflicts", "-f", "-");
        kubectl.run(manifest, "replace", "-f", "-");
        kubectl.run(manifest, "apply", "-f", "-");
        kubectl.run("", "-n", trial.namespace, "annotate", "wolftunnel", Trial.TUNNEL, "example.com/by=somebody");
        trial.settled();
        assertThat(trial.tunnel().getMetadata().getGeneration()).isEqualTo(1);
        assertThat(trial.writes()).hasSize(before);
    }

    @Test
    void whatOthersAddToTheDaemonSetIsLeftAloneAndNotFought(@TempDir Path folder) throws Exception {
        var kubectl = new Kubectl(server, folder);
        rolledOut();
        kubectl.run("", "-n", trial.namespace, "rollout", "restart", "daemonset", Trial.AGENTS);
        kubectl.run("", "-n", trial.namespace, "patch", "daemonset", Trial.AGENTS, "--patch", """
                {"metadata": {"labels": {"mesh.example.com/revision": "7"}},
                 "spec": {"template": {
                   "metadata": {"annotations": {"mesh.example.com/injected": "yes"}, "labels": {"mesh.example.com/in": "yes"}},
                   "spec": {"containers": [{"name": "mesh-proxy", "image": "mesh:1"}], "volumes": [{"name": "mesh", "emptyDir": {}}]}}}}""");
        trial.settled();
        trial.operate();
        trial.settled();

        var template = trial.daemonSet().getSpec().getTemplate();
        assertThat(template.getMetadata().getAnnotations())
                .containsKeys("kubectl.kubernetes.io/restartedAt", "mesh.example.com/injected");
        assertThat(template.getMetadata().getLabels()).containsKey("mesh.example.com/in");
        assertThat(template.getSpec().getContainers())
                .extracting(container -> container.getName())
                .containsExactlyInAnyOrder("agent", "mesh-proxy");
        assertThat(trial.daemonSet().getMetadata().getGeneration())
                .as("made, restarted, injected")
                .isEqualTo(3);
        assertThat(trial.daemonSet().getMetadata().getLabels()).containsKey("mesh.example.com/revision");
    }

    @Test
    void whatAMutatingWebhookMakesOfTheOperatorsOwnFieldsIsNotFought(@TempDir Path folder) throws Exception {
        var image = "[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/image\","
                + " \"value\": \"mirror.example.com/agent:1\"}]";
        try (var webhook = new Webhook(trial.admin, trial.namespace, folder, image)) {
            Eventually.holds(() -> {
                trial.admin.resource(probe()).dryRun().create();
                assertThat(webhook.calls()).as("it is in use").isPositive();
            });
            rolledOut();
            trial.settled();
            int before = trial.writes().size();
            trial.rolledOut(0, 0);
            told("True NoMatchingNodes");
            trial.settled();
            assertThat(trial.agentImage()).isEqualTo("mirror.example.com/agent:1");
            assertThat(trial.writes().stream().skip(before))
                    .extracting(Audited::permission)
                    .containsOnly("patch wolf.helix.ml/wolftunnels/status");
        }
    }

    private DaemonSet probe() {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace(trial.namespace)
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
        trial.apply("{agent: {port: %d}}".formatted(healthy.port()));
        Eventually.holds(() -> assertThat(trial.daemonSet()).isNotNull());
    }

    private void told(String ready) throws Exception {
        Eventually.holds(() -> {
            time.advance(Duration.ofMillis(100));
            assertThat(trial.verdict("Ready")).isEqualTo(ready);
        });
    }

    /** @param rows by node, with the agent's id and what is wrong with it: all that its answers mean */
    private void tenQuietMinutes(Tuple... rows) throws Exception {
        Eventually.holds(() -> {
            time.advance(TICK);
            assertThat(trial.tunnel().getStatus().tunnels())
                    .extracting(row -> row.node(), row -> row.wolfId(), row -> row.reason())
                    .containsExactlyInAnyOrder(rows);
        });
        allHaveAnswered(rows.length);
        trial.settled();
        int before = trial.writes().size();
        int asked = healthy.timesAsked();
        for (int tick = 0; tick < 120; tick++) {
            time.advance(TICK);
            allHaveAnswered(rows.length);
            if (tick % 12 == 0) {
                trial.looksAgain();
            }
        }
        assertThat(healthy.timesAsked() - asked).isBetween(60, 140);
        assertThat(trial.writes()).hasSize(before);
    }

    private void allHaveAnswered(int agents) throws Exception {
        Eventually.holds(() -> assertThat(time.waitingTasks()).isEqualTo(agents));
    }
}
