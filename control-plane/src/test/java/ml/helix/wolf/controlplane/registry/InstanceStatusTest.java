package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InstanceStatusTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    /** Ages in seconds: of the connection and of the last heartbeat; empty for none. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            # tunnel,  connected, heartbeat, wolfReachable, status
            connected,         0,          ,              , ONLINE
            connected,      9999,          ,              , ONLINE
            connected,      9999,         0,              , ONLINE
            connected,      9999,        75,          true, ONLINE
            connected,      9999,        76,              , DEGRADED
            connected,      9999,        76,          true, DEGRADED
            connected,        75,      9999,              , ONLINE
            connected,        76,      9999,              , DEGRADED
            connected,         0,      9999,         false, DEGRADED
            connected,      9999,         0,         false, DEGRADED
            connected,      9999,       -60,              , ONLINE
            grace,            10,         0,          true, DEGRADED
            grace,            10,          ,              , DEGRADED
            streams,        9999,         0,          true, OFFLINE
            none,           9999,         0,          true, OFFLINE
            none,               ,         0,          true, OFFLINE
            none,               ,          ,              , OFFLINE
            """)
    void theStatusFollowsFromRecordTunnelAndClock(
            String tunnel,
            @Nullable Integer connected,
            @Nullable Integer heartbeat,
            @Nullable Boolean wolfReachable,
            InstanceStatus status) {
        var facts = new Facts(
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                wolfReachable,
                null,
                null,
                null);
        var record = new InstanceRecord("wolf-1", facts, null, null, ago(heartbeat), ago(connected), null);
        var state = tunnel.equals("none")
                ? null
                : new Tunnel("wolf-1", tunnel.equals("connected"), tunnel.equals("grace"), false, false, 0, null);

        assertThat(InstanceStatus.of(record, state, NOW, INTERVAL)).isEqualTo(status);
    }

    private static @Nullable Instant ago(@Nullable Integer seconds) {
        return seconds == null ? null : NOW.minusSeconds(seconds);
    }
}
