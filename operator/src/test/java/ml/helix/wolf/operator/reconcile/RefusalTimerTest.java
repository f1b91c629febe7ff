package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RefusalTimerTest {
    private static final ResourceID TUNNEL = new ResourceID("gpu-nodes", "wolf");

    private Instant now = Instant.EPOCH;
    private final RefusalTimer refusals = new RefusalTimer(() -> now);

    @Test
    void refusalLastsOnceItHasRepeatedForThirtySeconds() {
        assertThat(refusals.persists(TUNNEL)).isFalse();
        pass(29);
        assertThat(refusals.persists(TUNNEL)).isFalse();
        pass(1);
        assertThat(refusals.persists(TUNNEL)).isTrue();
        pass(3600);
        assertThat(refusals.persists(TUNNEL)).isTrue();
    }

    @Test
    void successEndsItAndTunnelsDoNotCountForOneAnother() {
        refusals.persists(TUNNEL);
        pass(30);
        assertThat(refusals.persists(new ResourceID("another", "wolf"))).isFalse();
        refusals.reset(TUNNEL);
        assertThat(refusals.persists(TUNNEL)).isFalse();
    }

    @Test
    void clockThatJumpsBackBeginsAnew() {
        refusals.persists(TUNNEL);
        pass(-3600);
        assertThat(refusals.persists(TUNNEL)).isFalse();
        pass(30);
        assertThat(refusals.persists(TUNNEL)).isTrue();
    }

    private void pass(long seconds) {
        now = now.plus(Duration.ofSeconds(seconds));
    }
}
