package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class SessionsTest {
    private final Sessions sessions = new Sessions();
    private final Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void beyondTheLimitTheOneThatWasUsedLongestAgoIsForgotten() {
        for (int i = 0; i < Sessions.LIMIT; i++) {
            sessions.put("s" + i, "one", now);
        }
        assertThat(sessions.find("s0", now)).contains("one");
        sessions.put("another", "two", now);
        assertThat(sessions.size()).isEqualTo(Sessions.LIMIT);
        assertThat(sessions.find("s0", now)).contains("one");
        assertThat(sessions.find("s1", now)).isEmpty();
        assertThat(sessions.find("another", now)).contains("two");
    }

    @Test
    void onlyIdleOnesExpire() {
        sessions.put("idle", "one", now);
        sessions.put("used", "two", now);
        assertThat(sessions.find("used", now.plusSeconds(1))).contains("two");
        assertThat(sessions.find("used", now.plus(Sessions.IDLE))).contains("two");
        assertThat(sessions.size()).isEqualTo(1);
        assertThat(sessions.find("idle", now.plus(Sessions.IDLE))).isEmpty();
    }
}
