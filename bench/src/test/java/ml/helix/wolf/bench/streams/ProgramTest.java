package ml.helix.wolf.bench.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProgramTest {
    private static final Path ROOT = Path.of("/checkout");

    @Test
    void oursIsThisCheckoutOrAnother() {
        assertThat(Program.parse(ROOT, "ours").checkout()).isEqualTo(ROOT);
        assertThat(Program.parse(ROOT, "ours@/old").checkout()).isEqualTo(Path.of("/old"));
        assertThat(Program.parse(ROOT, "ours@/old").isOurs()).isTrue();
    }

    @Test
    void flagsFollowAndAreInTheName() {
        Program program = Program.parse(ROOT, "ours -pool 0");

        assertThat(program.flags()).containsExactly("-pool", "0");
        assertThat(program.name()).isEqualTo("ours -pool 0");
        assertThat(Program.parse(ROOT, "unpooled=ours -pool 0").name()).isEqualTo("unpooled");
    }

    @Test
    void anotherProgramIsAnExecutable() {
        Program program = Program.parse(ROOT, "/bin/sh");

        assertThat(program.isOurs()).isFalse();
        assertThat(program.name()).isEqualTo("sh");
        assertThatThrownBy(() -> Program.parse(ROOT, "/no/such/server"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no program /no/such/server: name this project's as ours, or an executable file");
    }

    @Test
    void aPairIsNamedByBothUnlessTheyBelongTogether() {
        Program ours = Program.parse(ROOT, "ours");
        Program other = Program.parse(ROOT, "/bin/sh");

        assertThat(new Pair(ours, ours).name()).isEqualTo("ours");
        assertThat(new Pair(Program.parse(ROOT, "ours -pool 0"), ours).name()).isEqualTo("ours -pool 0");
        assertThat(new Pair(Program.parse(ROOT, "Go=/bin/sh"), other).name()).isEqualTo("Go");
        assertThat(new Pair(ours, other).name()).isEqualTo("sh + ours");
        assertThat(new Pair(other, ours).name()).isEqualTo("ours + sh");
    }
}
