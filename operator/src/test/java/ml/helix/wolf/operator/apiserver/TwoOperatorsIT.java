package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.ConfigBuilder;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two installs, with different agent images, that watch the same namespace. */
@ExtendWith(RealApiServer.class)
class TwoOperatorsIT {
    private RealApiServer.Running server;
    private Trial trial;
    private Trial elsewhere;
    private LogLines log;

    @BeforeEach
    void begin(RealApiServer.Running running) {
        server = running;
        trial = new Trial(running);
        elsewhere = new Trial(running);
        trial.token("t");
        log = new LogLines();
    }

    @AfterEach
    void end() {
        log.close();
        trial.close();
        elsewhere.close();
    }

    @Test
    void secondOperatorLeavesTunnelsToTheFirstSaysSoAndGoesOnOnceThatOneIsGone() throws Exception {
        trial.operate(trial.setup().electing());
        trial.apply("{}");
        Eventually.holds(() -> assertThat(trial.agentImage()).isEqualTo("agent:1"));

        var second = elsewhere
                .setup(new ConfigBuilder(server.config()).build())
                .electing()
                .image("agent:2")
                .watching(Set.of(trial.namespace));
        try (var other = new Replica(second)) {
            Eventually.holds(() -> assertThat(log.warnings()).anySatisfy(line -> assertThat(line)
                    .contains("WolfTunnel " + trial.namespace + "/" + Trial.TUNNEL
                            + " is left to the operator in namespace " + trial.namespace)));
            trial.apply("{agent: {port: 9000}}");
            Eventually.holds(() ->
                    assertThat(trial.tunnel().getStatus().observedGeneration()).isEqualTo(2));
            trial.settled();
            assertThat(trial.agentImage()).isEqualTo("agent:1");
            assertThat(trial.daemonSet().getMetadata().getGeneration())
                    .as("one change, one rollout")
                    .isEqualTo(2);
            server.awaitAudit();
            assertThat(other.writes(server)).isEmpty();

            trial.operator().close();
            Eventually.holds(() -> assertThat(trial.agentImage()).isEqualTo("agent:2"));
        }
    }
}
