package ml.helix.wolf.kubectl.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class AdminTokenTest {
    private static final String TOKEN = "admin-token-of-the-plugins-tests";

    private static String parse(String text) {
        return AdminToken.parse(text.getBytes(StandardCharsets.UTF_8)).reveal();
    }

    @Test
    void theFirstTokenOfAControlPlanesFileIsTaken() {
        assertThat(parse(TOKEN + "\n")).isEqualTo(TOKEN);
        assertThat(parse("\n  ops " + TOKEN + "\nother reader-token-of-the-plugins-tests read\n"))
                .isEqualTo(TOKEN);
        assertThat(parse("site " + TOKEN + " wolf-site-*")).isEqualTo(TOKEN);
    }

    @Test
    void anEmptyFileHasNone() {
        assertThatThrownBy(() -> parse(" \n")).hasMessage("is empty");
    }
}
