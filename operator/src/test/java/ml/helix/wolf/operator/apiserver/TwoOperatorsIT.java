package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.ConfigBuilder;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two installs with different agent images watch the same namespace. */
@ExtendWith(RealApiServer.class)
class TwoOperatorsIT {
    private RealApiServer.Running server;
    private Testbed testbed;
    private Testbed elsewhere;
    private LogLines log;

    @BeforeEach
    void setUp(RealApiServer.Running running) {
        server = running;
        testbed = new Testbed(running);
        elsewhere = new Testbed(running);
        testbed.token("t");
        log = new LogLines();
    }

    @AfterEach
    void tearDown() {
        log.close();
        testbed.close();
        elsewhere.close();
    }

    @Test
    void secondInstallYieldsToTheFirstLogsItAndTakesOverWhenThatOneStops() throws Exception {
        testbed.operate(testbed.setup().electing());
        testbed.apply("{}");
        Eventually.holds(() -> assertThat(testbed.agentImage()).isEqualTo("agent:1"));

        var second = elsewhere
                .setup(new ConfigBuilder(server.config()).build())
                .electing()
                .image("agent:2")
                .watching(Set.of(testbed.namespace));
        try (var other = new Replica(second)) {
            Eventually.holds(() -> assertThat(log.warnings()).anySatisfy(line -> assertThat(line)
                    .contains("WolfTunnel " + testbed.namespace + "/" + Testbed.NAME
                            + " is left to the operator in namespace " + testbed.namespace)));
            testbed.apply("{agent: {port: 9000}}");
            Eventually.holds(() -> assertThat(testbed.resource().getStatus().observedGeneration())
                    .isEqualTo(2));
            testbed.awaitIdle();
            assertThat(testbed.agentImage()).isEqualTo("agent:1");
            assertThat(testbed.daemonSet().getMetadata().getGeneration())
                    .as("one change, one rollout")
                    .isEqualTo(2);
            server.awaitAudit();
            assertThat(other.writes(server)).isEmpty();

            testbed.operator().close();
            Eventually.holds(() -> assertThat(testbed.agentImage()).isEqualTo("agent:2"));
        }
    }
}
