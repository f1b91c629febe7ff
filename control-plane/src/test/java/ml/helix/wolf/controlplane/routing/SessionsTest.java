package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SessionsTest {
    private final Sessions sessions = new Sessions();
    private final Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void beyondTheLimitTheOneThatWasUsedLongestAgoIsForgotten() {
        for (int i = 0; i < Sessions.LIMIT; i++) {
            put("s" + i, "one");
        }
        assertThat(find("s0", now)).contains("one");
        put("another", "two");
        assertThat(sessions.size()).isEqualTo(Sessions.LIMIT);
        assertThat(find("s0", now)).contains("one");
        assertThat(find("s1", now)).isEmpty();
        assertThat(find("another", now)).contains("two");
    }

    @Test
    void onlyIdleOnesExpire() {
        put("idle", "one");
        put("used", "two");
        assertThat(find("used", now.plusSeconds(1))).contains("two");
        assertThat(find("used", now.plus(Sessions.IDLE))).contains("two");
        assertThat(sessions.size()).isEqualTo(1);
        assertThat(find("idle", now.plus(Sessions.IDLE))).isEmpty();
    }

    @Test
    void theOneThatHasMovedMoreOftenStays() {
        put("s", "one");
        sessions.moved("s", new Binding("two", 2), now);
        sessions.moved("s", new Binding("three", 1), now);
        put("s", "one");
        assertThat(find("s", now)).contains("two");
        sessions.moved("unknown", new Binding("two", 2), now);
        assertThat(find("unknown", now)).isEmpty();
    }

    private void put(String session, String instance) {
        sessions.put(session, Binding.first(instance), /* agreed= */ true, now);
    }

    private Optional<String> find(String session, Instant at) {
        return sessions.find(session, at).map(place -> place.binding().instance());
    }
}
