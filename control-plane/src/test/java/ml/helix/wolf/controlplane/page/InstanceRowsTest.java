package ml.helix.wolf.controlplane.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.controlplane.registry.Facts;
import ml.helix.wolf.controlplane.registry.Instance;
import ml.helix.wolf.controlplane.registry.InstanceStatus;
import org.junit.jupiter.api.Test;

class InstanceRowsTest {
    private static final Instant SINCE = Instant.parse("2026-01-01T12:00:00Z");

    private final AtomicLong nanos = new AtomicLong(Duration.ofDays(1).toNanos());
    private final AtomicLong bytes = new AtomicLong(1000);
    private final InstanceRows rows = new InstanceRows(
            () -> List.of(instance("wolf-2"), instance("wolf-1")),
            id -> id.equals("wolf-1") ? bytes.get() : 0,
            nanos::get);

    @Test
    void whatIsNotKnownIsLeftOut() {
        assertThat(rows.get())
                .containsEntry(
                        "wolf-1",
                        "{\"instance\":{\"id\":\"wolf-1\",\"status\":\"online\",\"connected\":true,"
                                + "\"since\":\"2026-01-01T12:00:00Z\",\"draining\":false,\"streams\":3,"
                                + "\"displaced\":false},\"bytesPerSecond\":0}");
    }

    @Test
    void theRateIsThatOfTheTimeSinceTheLastSnapshot() {
        rows.get();
        assertThat(rateAfter(Duration.ofSeconds(1), 500)).isEqualTo("500");
        assertThat(rateAfter(Duration.ofSeconds(2), 500)).isEqualTo("250");
        assertThat(rateAfter(Duration.ofSeconds(1), 0)).isEqualTo("0");
    }

    @Test
    void afterALongPauseOrAForgottenCountThereIsNoRate() {
        rows.get();
        assertThat(rateAfter(Duration.ofMinutes(1), 500)).isEqualTo("0");
        assertThat(rateAfter(Duration.ofSeconds(1), -800)).isEqualTo("0");
    }

    private String rateAfter(Duration pause, long carried) {
        nanos.addAndGet(pause.toNanos());
        bytes.addAndGet(carried);
        Map<String, String> taken = rows.get();
        assertThat(taken.get("wolf-2")).endsWith("\"bytesPerSecond\":0}");
        return taken.getOrDefault("wolf-1", "").replaceAll(".*:(\\d+)}", "$1");
    }

    private static Instance instance(String id) {
        return new Instance(id, InstanceStatus.ONLINE, true, SINCE, false, 3, false, null, null, Facts.NONE);
    }
}
