package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ml.helix.wolf.revdial.DialFailure.NoConnection;
import org.junit.jupiter.api.Test;

class PendingDialTest {
    private final PendingDial dial = new PendingDial("wolf-gpu-1", "0".repeat(32), false);
    private final Pipe data = new Pipe();

    @Test
    void aStreamThatComesAfterTheCallerGaveUpIsClosed() {
        dial.abandon();
        dial.succeed(data.left);
        assertThat(Pipe.isClosed(data.left)).isTrue();
    }

    @Test
    void aStreamThatCameUnseenWhenTheCallerGaveUpIsClosed() {
        dial.succeed(data.left);
        assertThat(Pipe.isClosed(data.left)).isFalse();
        dial.abandon();
        assertThat(Pipe.isClosed(data.left)).isTrue();
    }

    @Test
    void aFailureIsThrownToTheCaller() throws Exception {
        assertThat(dial.isSettled()).isFalse();
        dial.fail(new NoConnection());
        assertThat(dial.isSettled()).isTrue();
        assertThatThrownBy(dial::await).isInstanceOfSatisfying(DialException.class, e -> assertThat(e.failure())
                .isEqualTo(new NoConnection()));
    }
}
