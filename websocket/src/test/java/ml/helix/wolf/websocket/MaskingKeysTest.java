package ml.helix.wolf.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MaskingKeysTest {

    @Test
    void manyFramesAskTheRandomSourceOnce() {
        var random = new Random(1);
        var asked = new AtomicInteger();
        var keys = new MaskingKeys(bytes -> {
            asked.incrementAndGet();
            random.nextBytes(bytes);
        });
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 3 * MaskingKeys.AT_ONCE; i++) {
            seen.add(keys.getAsInt());
        }
        assertThat(asked).hasValue(3);
        assertThat(seen).as("no key twice").hasSize(3 * MaskingKeys.AT_ONCE);
    }
}
