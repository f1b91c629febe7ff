package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OldGenerationTest {
    private static final long MIB = 1024 * 1024;

    @Test
    void aSmallHeapIsCollectedWhenSixteenMebibytesHaveCome() {
        assertThat(OldGeneration.isWorth(23 * MIB, 8 * MIB)).isFalse();
        assertThat(OldGeneration.isWorth(24 * MIB, 8 * MIB)).isTrue();
    }

    @Test
    void aLargeHeapIsCollectedWhenItHasGrownByHalf() {
        assertThat(OldGeneration.isWorth(299 * MIB, 200 * MIB)).isFalse();
        assertThat(OldGeneration.isWorth(300 * MIB, 200 * MIB)).isTrue();
    }

    @Test
    void aHeapThatHasShrunkIsLeftAlone() {
        assertThat(OldGeneration.isWorth(10 * MIB, 40 * MIB)).isFalse();
    }
}
