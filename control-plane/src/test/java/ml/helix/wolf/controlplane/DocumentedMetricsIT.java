package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A metric has a value only once there was something to count, so the test causes one of each. */
class DocumentedMetricsIT {
    private static final Pattern DOCUMENTED = Pattern.compile("`(wolf_control_plane_[a-z_]+)");
    private static final Pattern SERVED = Pattern.compile("(?m)^# TYPE (wolf_control_plane_[a-z_]+) ");

    @Test
    void theDocumentListsEachMetricAndNoOther() throws Exception {
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

            assertThat(names(SERVED, served)).isEqualTo(names(DOCUMENTED, section()));
        }
    }

    private static String section() throws Exception {
        String text = Files.readString(Path.of("../docs/control-plane.md"));
        return text.substring(text.indexOf("## Metrics"), text.indexOf("## The page"));
    }

    private static List<String> names(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map(match -> match.group(1))
                .sorted()
                .toList();
    }
}
