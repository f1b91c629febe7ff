package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RefusalTimerTest {
    private static final ResourceID RESOURCE = new ResourceID("gpu-nodes", "wolf");

    private Instant now = Instant.EPOCH;
    private final RefusalTimer refusals = new RefusalTimer(() -> now);

    @Test
    void refusalPersistsOnceItHasRepeatedForThirtySeconds() {
        assertThat(refusals.persists(RESOURCE)).isFalse();
        pass(29);
        assertThat(refusals.persists(RESOURCE)).isFalse();
        pass(1);
        assertThat(refusals.persists(RESOURCE)).isTrue();
        pass(3600);
        assertThat(refusals.persists(RESOURCE)).isTrue();
    }

    @Test
    void successResetsTheTimeAndEachWolfTunnelHasItsOwn() {
        refusals.persists(RESOURCE);
        pass(30);
        assertThat(refusals.persists(new ResourceID("another", "wolf"))).isFalse();
        refusals.reset(RESOURCE);
        assertThat(refusals.persists(RESOURCE)).isFalse();
    }

    @Test
    void clockThatJumpsBackStartsTheTimeAnew() {
        refusals.persists(RESOURCE);
        pass(-3600);
        assertThat(refusals.persists(RESOURCE)).isFalse();
        pass(30);
        assertThat(refusals.persists(RESOURCE)).isTrue();
    }

    private void pass(long seconds) {
        now = now.plus(Duration.ofSeconds(seconds));
    }
}
