package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunnerIdTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "wolf-gpu-1",
                "x",
                "hydra-ip-10-0-0-1.eu-west-1.compute.internal",
                "wolf-Ωß 1/2",
                "wolf-狼-😀",
                "wolf-e\u0301",
                "a..b",
                "..a/b..",
                "wolf=2",
                "a%20b&c?d#e",
                "$*+[]{}|^~`\\"
            })
    void anIdMayBeAnythingThatCanBeSeen(String id) {
        assertThat(RunnerId.check(id)).isEqualTo(id);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "\"\",1 to 512",
                "\" a\",space",
                "\"a \",space",
                "\"a\nb\",U+000A",
                "\"a\u0085b\",U+0085",
                "\"a\u2028b\",U+2028",
                "\"a\u202eb\",U+202E",
                "\"a\u200bb\",U+200B",
                "\"a\u00a0b\",U+00A0",
                "\"a\u3164b\",U+3164",
                "\"a\ud800\",U+D800",
                "..,path segment",
                "a/../b,path segment",
                "a\\..,path segment",
                "./a,path segment"
            })
    void whatCannotBeSeenOrChangesItsPathIsRefused(String id, String why) {
        assertThatThrownBy(() -> RunnerId.check(id))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @Test
    void anIdHasAtMost512Characters() {
        assertThat(RunnerId.check("x".repeat(512))).hasSize(512);
        assertThatThrownBy(() -> RunnerId.check("x".repeat(513))).hasMessageContaining("not 513");
    }
}
