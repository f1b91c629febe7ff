package ml.helix.wolf.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import ml.helix.wolf.program.LogFormat;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import org.junit.jupiter.api.Test;

class OperatorSettingsTest {
    @Test
    void onlyTheImageIsRequired() throws UsageException {
        var settings = settings(Map.of("AGENT_IMAGE", "agent:1"));
        assertThat(settings.agentImage()).isEqualTo("agent:1");
        assertThat(settings.namespaces()).isEmpty();
        assertThat(settings.leaderElection()).isFalse();
        assertThat(settings.listen().orElseThrow().getPort()).isEqualTo(8080);
    }

    @Test
    void replicasElectALeaderInAClusterUnlessToldOtherwise() throws UsageException {
        var cluster = Map.of("AGENT_IMAGE", "a", "KUBERNETES_SERVICE_HOST", "10.0.0.1");
        assertThat(settings(cluster).leaderElection()).isTrue();
        assertThat(settings(cluster, "-leader-election", "false").leaderElection())
                .isFalse();
        assertThat(settings(Map.of("AGENT_IMAGE", "a", "LEADER_ELECTION", "true"))
                        .leaderElection())
                .isTrue();
    }

    @Test
    void everythingCanBeSet() throws UsageException {
        var settings = settings(Map.of(
                "AGENT_IMAGE",
                "a",
                "WATCH_NAMESPACES",
                "one, two",
                "OPERATOR_LISTEN",
                "off",
                "LOG_FORMAT",
                "json",
                "OPERATOR_NOTICES",
                "fd00::5:8081"));
        assertThat(settings.notices().orElseThrow().getPort()).isEqualTo(8081);
        assertThat(settings.namespaces()).containsExactlyInAnyOrder("one", "two");
        assertThat(settings.listen()).isEmpty();
        assertThat(settings.logs().format()).isEqualTo(LogFormat.JSON);
    }

    @Test
    void noticesNeedAnAddressThatAgentsReach() {
        assertThatThrownBy(() -> settings(Map.of("AGENT_IMAGE", "a", "OPERATOR_NOTICES", ":8081")))
                .hasMessageContaining(
                        "must name the IP at which agents reach this operator, $(POD_IP):8081 in a cluster");
    }

    @Test
    void everyProblemIsNamedAtOnce() {
        assertThatThrownBy(() -> settings(Map.of(
                        "WATCH_NAMESPACES",
                        "One",
                        "LEADER_ELECTION",
                        "maybe",
                        "OPERATOR_LISTEN",
                        "x",
                        "LOG_LEVEL",
                        "?")))
                .isInstanceOfSatisfying(UsageException.class, e -> assertThat(e.problems())
                        .hasSize(5)
                        .anyMatch(problem -> problem.contains("AGENT_IMAGE"))
                        .anyMatch(problem -> problem.contains("names no namespace: 'One'"))
                        .anyMatch(problem -> problem.contains("LEADER_ELECTION"))
                        .anyMatch(problem -> problem.contains("OPERATOR_LISTEN"))
                        .anyMatch(problem -> problem.contains("LOG_LEVEL")));
    }

    private static OperatorSettings settings(Map<String, String> environment, String... arguments)
            throws UsageException {
        return OperatorSettings.of(Settings.read(OperatorSettings.PROGRAM, arguments, environment), environment);
    }
}
