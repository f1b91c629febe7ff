package ml.helix.wolf.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.testkit.DocumentedMetrics;
import ml.helix.wolf.testkit.FakeWolf;
import org.junit.jupiter.api.Test;

class DocumentedMetricsIT {

    @Test
    void theDocumentListsEachMetricWithItsTypeAndLabelsAndNoOther() throws Exception {
        var documented = DocumentedMetrics.documented("The agent");
        try (FakeWolf wolf = FakeWolf.onLoopback()) {
            wolf.start();
            try (var agent = RunningAgent.start("http://127.0.0.1:1", wolf.local())) {
                // those of Wolf appear with the first probe, and connects with the first attempt
                RunningAgent.await(() -> assertThat(
                                DocumentedMetrics.served(agent.get("/metrics").body()))
                        .isEqualTo(documented));
            }
        }
    }
}
