package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformThreadsTest {

    /** The heap of an agent without much memory, with 96, 128 and 512 MiB, and of one without a limit. */
    @ParameterizedTest
    @CsvSource({"16, 4", "38, 4", "51, 6", "205, 25", "9000, 32"})
    void theirNumberGoesByTheHeap(long mebibytes, int threads) {
        assertThat(PlatformThreads.count(mebibytes * 1024 * 1024)).isEqualTo(threads);
    }

    @Test
    void aThreadWhoseWorkFailsIsFreeAgain() {
        var threads = new PlatformThreads(1);
        assertThatThrownBy(() -> threads.run(() -> {
                    throw new IllegalStateException("a fault");
                }))
                .isInstanceOf(CompletionException.class)
                .hasRootCauseMessage("a fault");
        assertThat(threads.run(() -> {})).isTrue();
    }
}
