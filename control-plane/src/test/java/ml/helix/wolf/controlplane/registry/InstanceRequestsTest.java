package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import org.eclipse.jetty.http.HttpHeader;
import org.junit.jupiter.api.Test;

class InstanceRequestsTest {
    private static final Tunnel TUNNEL = new Tunnel("wolf-1", true, false, false, false, 0, null);

    /** Connected, but what an admin says of it has no room. */
    private final Registry full = new Registry(
            new Records(0),
            new Tunnels() {
                @Override
                public List<Tunnel> all() {
                    return List.of(TUNNEL);
                }

                @Override
                public Optional<Tunnel> find(String id) {
                    return Optional.of(TUNNEL);
                }
            },
            Duration.ofSeconds(30),
            () -> Instant.EPOCH);

    @Test
    void whatHasNoRoomIsRefusedAndMayBeTriedAgainInAMinute() {
        var requests = new InstanceRequests(full, null, null, InstantSource.system(), ListRoom.ofHeap());

        assertThatThrownBy(() -> requests.drain(null, new PathMatch(Map.of("id", "wolf-1"), "")))
                .isInstanceOfSatisfying(ApiException.class, refused -> {
                    assertThat(refused.error().status()).isEqualTo(429);
                    assertThat(refused.error().code()).isEqualTo("TooManyInstances");
                    assertThat(refused.error().fields().get(HttpHeader.RETRY_AFTER))
                            .isEqualTo("60");
                });
    }
}
