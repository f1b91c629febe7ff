package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.Sign.condition;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One operator leads and the other goes on where it ended, without a second hand in anything. */
@ExtendWith(Stage.Resolver.class)
class FailoverE2E {
    private final Stage stage;

    FailoverE2E(Stage stage) {
        this.stage = stage;
    }

    /** The change is made right after the kill, so that only the other operator can have seen it. */
    @Test
    void aLeaderThatIsKilledWithinARolloutIsFollowedWithin20Seconds() {
        try (Tunnel tunnel = stage.tunnel("leader-killed", onBothNodes(""))) {
            tunnel.awaitReady();
            String daemonSet = tunnel.daemonSet().getMetadata().getUid();
            tunnel.spec(onBothNodes("agent: {logLevel: debug}"));
            tunnel.showsInTime(condition("Ready", "False", "RollingOut"));

            String leader = stage.leader();
            tunnel.startClock();
            Command.kubectl("", "-n", Stage.OPERATOR_NAMESPACE, "delete", "pod", leader, "--force", "--grace-period=0");
            tunnel.spec(onBothNodes("agent: {logLevel: warn}"));
            tunnel.showsWithin(20, new Sign("a look at generation 3", seen -> Long.valueOf(3)
                    .equals(seen.observedGeneration())));
            tunnel.recovers();

            assertThat(stage.leader()).isNotEqualTo(leader);
            assertThat(tunnel.daemonSet().getMetadata().getUid()).isEqualTo(daemonSet);
            assertThat(tunnel.daemonSet().getMetadata().getGeneration()).isEqualTo(3);
            assertThat(tunnel.daemonSets()).hasSize(1);
            assertThat(tunnel.status().summary()).isEqualTo("2/2 connected");
        }
        stage.rolledOut(Stage.OPERATOR_NAMESPACE, "deployment/" + Stage.OPERATOR);
    }

    @Test
    void aRestartOfTheOperatorRollsNoAgentAndWritesNoStatus() {
        try (Tunnel tunnel = stage.tunnel("operator-restart", onBothNodes(""))) {
            tunnel.awaitReady();
            tunnel.recovers(condition("WolfReachable", "True", "Reachable"));
            List<String> agents = tunnel.instances();
            String version = tunnel.resourceVersion();
            long generation = tunnel.daemonSet().getMetadata().getGeneration();
            List<String> before =
                    stage.operators().stream().map(FailoverE2E::name).toList();

            Command.kubectl("", "-n", Stage.OPERATOR_NAMESPACE, "rollout", "restart", "deployment/" + Stage.OPERATOR);
            stage.rolledOut(Stage.OPERATOR_NAMESPACE, "deployment/" + Stage.OPERATOR);
            stage.awaitLeaderBeside(before);
            // Only who is led by the new leader is seen by it: a change of another tunnel shows that it works.
            try (Tunnel other = stage.tunnel("after-restart", stage.sidecar())) {
                other.awaitReady();
            }

            assertThat(tunnel.resourceVersion()).isEqualTo(version);
            assertThat(tunnel.daemonSet().getMetadata().getGeneration()).isEqualTo(generation);
            assertThat(tunnel.instances()).isEqualTo(agents);
        }
    }

    private static String name(Pod pod) {
        return pod.getMetadata().getName();
    }

    private String onBothNodes(String more) {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                wolf:
                  address: localhost:8080
                  container: %s
                %s
                """.formatted(stage.controlPlane().url(), Parts.sidecarWolf(), more);
    }
}
