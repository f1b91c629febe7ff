package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RefusalsTest {
    private static final ResourceID TUNNEL = new ResourceID("gpu-nodes", "wolf");

    private Instant now = Instant.EPOCH;
    private final Refusals refusals = new Refusals(() -> now);

    @Test
    void refusal_lasts_once_it_has_repeated_for_thirty_seconds() {
        assertThat(refusals.lasting(TUNNEL)).isFalse();
        pass(29);
        assertThat(refusals.lasting(TUNNEL)).isFalse();
        pass(1);
        assertThat(refusals.lasting(TUNNEL)).isTrue();
        pass(3600);
        assertThat(refusals.lasting(TUNNEL)).isTrue();
    }

    @Test
    void success_ends_it_and_tunnels_do_not_count_for_one_another() {
        refusals.lasting(TUNNEL);
        pass(30);
        assertThat(refusals.lasting(new ResourceID("another", "wolf"))).isFalse();
        refusals.over(TUNNEL);
        assertThat(refusals.lasting(TUNNEL)).isFalse();
    }

    @Test
    void clock_that_jumps_back_begins_anew() {
        refusals.lasting(TUNNEL);
        pass(-3600);
        assertThat(refusals.lasting(TUNNEL)).isFalse();
        pass(30);
        assertThat(refusals.lasting(TUNNEL)).isTrue();
    }

    private void pass(long seconds) {
        now = now.plus(Duration.ofSeconds(seconds));
    }
}
