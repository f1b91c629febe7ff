package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "wolf-gpu-1", "Ω ß ü", "狼 오오카미 ذئب זאב", "e\u0301", "😀 → « ½ »", "a\u00a0b"})
    void whatCanBeSeenStaysAsItIs(String text) {
        assertThat(Printable.of(text)).isSameAs(text);
    }

    @Test
    void whatCannotIsWrittenAsItsCode() {
        assertThat(Printable.of("a\nb\r\tc\u001b[2J\u0000")).isEqualTo("a\\nb\\r\\tc\\u001b[2J\\u0000");
        assertThat(Printable.of("\u0085\u009b31m\u007f")).isEqualTo("\\u0085\\u009b31m\\u007f");
        assertThat(Printable.of("x\u2028y\u2029z")).isEqualTo("x\\u2028y\\u2029z");
        assertThat(Printable.of("\u202etxt\u2066\u200f")).isEqualTo("\\u202etxt\\u2066\\u200f");
        assertThat(Printable.of("a\u200bb\u200d\ufeff\u00ad\u2060")).isEqualTo("a\\u200bb\\u200d\\ufeff\\u00ad\\u2060");
        assertThat(Printable.of("\u3164\u115f\ufe0f\u034f")).isEqualTo("\\u3164\\u115f\\ufe0f\\u034f");
        assertThat(Printable.of("\ud800x\ue000\uffff")).isEqualTo("\\ud800x\\ue000\\uffff");
        assertThat(Printable.of(Character.toString(0xE0041))).isEqualTo("\\u{e0041}");
    }

    @Test
    void whatItMakesIsPrintableForEveryCodePoint() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            String shown = Printable.of(Character.toString(codePoint));
            assertThat(shown.codePoints().allMatch(Printable::isPrintable))
                    .as(shown)
                    .isTrue();
        }
    }
}
