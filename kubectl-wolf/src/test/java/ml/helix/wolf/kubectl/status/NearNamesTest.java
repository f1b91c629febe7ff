package ml.helix.wolf.kubectl.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearNamesTest {
    @Test
    void aWrongLetterIsForgiven() {
        assertThat(NearNames.of("wolf-gpu-l", List.of("wolf-gpu-1", "wolf-gpu-2", "other")))
                .first()
                .isEqualTo("wolf-gpu-1");
    }

    @Test
    void aForgottenPrefixIsFound() {
        assertThat(NearNames.of("gpu-1", List.of("wolf-gpu-1", "wolf-cpu-9"))).containsExactly("wolf-gpu-1");
    }

    @Test
    void atMostThreeAreNamed() {
        assertThat(NearNames.of("gpu", List.of("gpu-1", "gpu-2", "gpu-3", "gpu-4")))
                .hasSize(3);
    }

    @Test
    void whatIsFarIsNotNamed() {
        assertThat(NearNames.question("alpha", List.of("omega-nodes"))).isEmpty();
    }
}
