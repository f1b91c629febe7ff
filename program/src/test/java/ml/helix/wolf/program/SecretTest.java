package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTest {
    @Test
    void printsAsAnythingButItself() {
        assertThat(Secret.of("hunter2")).hasToString("[secret]");
        assertThat(Secret.of("hunter2").reveal()).isEqualTo("hunter2");
    }

    @Test
    void dropsTheLineEndOfAFile() {
        assertThat(Secret.of("hunter2\n")).isEqualTo(Secret.of("hunter2"));
        assertThat(Secret.of("hunter2").matches("hunter3")).isFalse();
    }

    @Test
    void bytesAreJudgedAsTheirTextIs() {
        assertThat(Secret.of("hunter2\r\n".getBytes(StandardCharsets.US_ASCII))).isEqualTo(Secret.of("hunter2"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Secret.of("\ufeffhunter2".getBytes(StandardCharsets.UTF_8)))
                .withMessageStartingWith("begins with a byte order mark");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Secret.of("hunter2".getBytes(StandardCharsets.UTF_16)))
                .withMessageStartingWith("is UTF-16");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "two words", "a\r\nX-Injected: 1", "schlüssel"})
    void refusesWhatCannotStandInAHeaderWithoutRepeatingIt(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Secret.of(text)).satisfies(e -> assertThat(
                        text.isBlank() || !e.getMessage().contains(text))
                .isTrue());
    }
}
