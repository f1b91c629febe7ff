package ml.helix.wolf.agent.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import ml.helix.wolf.agent.http.ResponseHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusalTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @ParameterizedTest
    @CsvSource({
        "401, Unauthorized", "403, Forbidden", "404, NotFound", "410, NotFound", "429, ServerError",
        "500, ServerError", "503, ServerError", "200, ProtocolError", "302, ProtocolError", "400, ProtocolError"
    })
    void eachStatusHasItsReason(int status, String word) {
        TunnelException refusal = Refusal.of(new ResponseHead(status, Map.of()), "the control plane", NOW);

        assertThat(refusal.reason().word()).isEqualTo(word);
        assertThat(refusal).hasMessageStartingWith("the control plane answered " + status + ": ");
        assertThat(refusal.retryAfter()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"7 | 7", "'Fri, 02 Jan 2026 03:04:35 GMT' | 30", "99999 | 600"})
    void aRetryAfterIsHonouredUpToTenMinutes(String header, long seconds) {
        assertThat(refusal(header).retryAfter()).contains(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"0", "soon", "-5", "'Fri, 02 Jan 2026 03:04:00 GMT'"})
    void aUselessRetryAfterIsIgnored(String header) {
        assertThat(refusal(header).retryAfter()).isEmpty();
    }

    @Test
    void aRedirectSaysWhyItIsNotFollowed() {
        assertThat(Refusal.of(new ResponseHead(302, Map.of("location", "http://evil")), "x", NOW))
                .hasMessageContaining("redirects are not followed")
                .hasMessageNotContaining("evil");
    }

    private static TunnelException refusal(String retryAfter) {
        return Refusal.of(new ResponseHead(503, Map.of("retry-after", retryAfter)), "x", NOW);
    }
}
