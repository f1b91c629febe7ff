package ml.helix.wolf.kubectl.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ScreenTest {
    private static Style style(Map<String, String> environment) {
        return Screen.of(System.out, System.err, environment).style();
    }

    @Test
    void onlyATerminalHasColours() {
        assertThat(style(Map.of("KUBECTL_WOLF_COLUMNS", "80", "TERM", "xterm"))).isEqualTo(Style.COLOURED);
        assertThat(style(Map.of("KUBECTL_WOLF_COLUMNS", "0", "TERM", "xterm"))).isEqualTo(Style.PLAIN);
        assertThat(style(Map.of())).isEqualTo(Style.PLAIN);
    }

    @Test
    void noColorAndADumbTerminalHaveNone() {
        assertThat(style(Map.of("KUBECTL_WOLF_COLUMNS", "80", "TERM", "xterm", "NO_COLOR", "1")))
                .isEqualTo(Style.PLAIN);
        assertThat(style(Map.of("KUBECTL_WOLF_COLUMNS", "80", "TERM", "dumb"))).isEqualTo(Style.PLAIN);
    }

    @Test
    void anEmptyNoColorCountsAsNone() {
        assertThat(style(Map.of("KUBECTL_WOLF_COLUMNS", "80", "TERM", "xterm", "NO_COLOR", "")))
                .isEqualTo(Style.COLOURED);
    }
}
