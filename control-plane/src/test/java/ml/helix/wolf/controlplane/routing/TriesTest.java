package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.proxy.Destinations.Destination;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import ml.helix.wolf.testkit.ManualScheduler;
import org.junit.jupiter.api.Test;

class TriesTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(6);

    private final Balancer balancer = new Balancer(
            () -> List.of(Instances.online("one"), Instances.online("two")),
            Strategy.ROUND_ROBIN,
            Duration.ofSeconds(30),
            SharedSessions.NONE,
            () -> Instant.EPOCH);
    private final RoutingMetrics metrics = new RoutingMetrics(new PrometheusRegistry(), () -> 0);
    private long nanos;

    @Test
    void anInstanceThatFailsARequestThatMayNotBeRepeatedComesAfterTheOthersToo() throws Exception {
        String failing = fails(false);
        for (int i = 0; i < 4; i++) {
            assertThat(request().first().runnerId()).isNotEqualTo(failing);
        }
    }

    @Test
    void soDoesOneThatTakesTheWholeTime() throws Exception {
        nanos = TIMEOUT.toNanos();
        String failing = fails(true);
        for (int i = 0; i < 4; i++) {
            assertThat(request().first().runnerId()).isNotEqualTo(failing);
        }
    }

    @Test
    void aRequestThatMayBeRepeatedGoesToTheOther() throws Exception {
        Tries tries = request();
        Destination first = tries.first();
        assertThat(tries.after(first, true))
                .hasValueSatisfying(other -> assertThat(other.runnerId()).isNotEqualTo(first.runnerId()));
    }

    private String fails(boolean mayRepeat) throws Exception {
        try (Tries tries = request()) {
            Destination first = tries.first();
            assertThat(tries.after(first, mayRepeat)).isEmpty();
            return first.runnerId();
        }
    }

    private Tries request() {
        var asked = new Balancer.Asked(Optional.empty(), null, false, id -> true);
        var dialer = new Tries.Dialer(id -> new Settled(), TIMEOUT, new ManualScheduler(), () -> nanos, 0);
        return new Tries(balancer, asked, dialer, metrics);
    }

    private record Settled() implements Dial {
        @Override
        public ByteStream await() throws DialException {
            throw new DialException("one", new Withdrawn());
        }

        @Override
        public boolean isSettled() {
            return true;
        }

        @Override
        public void withdraw() {}
    }
}
