package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.testkit.DocumentedMetrics;
import org.junit.jupiter.api.Test;

/** A metric has a value only once there was something to count, so the test causes one of each. */
class DocumentedMetricsIT {

    @Test
    void theDocumentListsEachMetricWithItsTypeAndLabelsAndNoOther() throws Exception {
        try (var controlPlane = TestControlPlane.start()) {
            controlPlane.send(
                    controlPlane.json("PUT", "/api/v1/wolf-instances/wolf-1", "{'zone':'eu-1','maxSessions':4}"));
            assertThat(controlPlane.error(controlPlane
                            .request("/api/v1/wolf-instances")
                            .header("Authorization", "Bearer wrong-wrong-wrong-wrong")
                            .build()))
                    .isEqualTo("401 Unauthorized");
            assertThat(controlPlane.error(controlPlane
                            .admin("/api/v1/wolf-instances/wolf-1/proxy/x")
                            .build()))
                    .isEqualTo("503 NoConnection");
            assertThat(controlPlane.error(controlPlane.admin("/api/v1/wolf/x").build()))
                    .isEqualTo("503 NoInstance");

            String served =
                    controlPlane.send(controlPlane.admin("/metrics").build()).body();

            assertThat(DocumentedMetrics.served(served)).isEqualTo(DocumentedMetrics.documented("The control plane"));
        }
    }
}
