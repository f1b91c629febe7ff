package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.controlplane.Parts.Part;
import org.junit.jupiter.api.Test;

class PartsTest {
    private final List<String> steps = new ArrayList<>();

    @Test
    void partsAreStartedInOrderAndClosedOnceInReverse() throws IOException {
        Parts parts = Parts.start(List.of(part("a"), part("b"), part("c")));
        parts.close();
        parts.close();

        assertThat(steps).containsExactly("start a", "start b", "start c", "close c", "close b", "close a");
    }

    @Test
    void aFailureInTheMiddleClosesWhatWasStarted() {
        Part failing = new Part(
                () -> {
                    throw new IOException("cannot listen");
                },
                () -> steps.add("close failing"));

        assertThatThrownBy(() -> Parts.start(List.of(part("a"), part("b"), failing, part("never"))))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot listen");
        assertThat(steps).containsExactly("start a", "start b", "close failing", "close b", "close a");
    }

    @Test
    void aPartThatCannotBeClosedKeepsNoneFromBeingClosed() throws IOException {
        Part failing = Part.closing(() -> {
            throw new IllegalStateException("expected by the test");
        });
        Part broken = Part.closing(() -> {
            throw new NoClassDefFoundError("expected by the test");
        });
        Parts.start(List.of(part("a"), failing, broken, part("c"))).close();

        assertThat(steps).containsExactly("start a", "start c", "close c", "close a");
    }

    private Part part(String name) {
        return new Part(() -> steps.add("start " + name), () -> steps.add("close " + name));
    }
}
