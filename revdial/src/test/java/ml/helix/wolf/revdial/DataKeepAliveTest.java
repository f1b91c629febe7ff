package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.revdial.DataKeepAlive.Step;
import org.junit.jupiter.api.Test;

class DataKeepAliveTest {
    private final AtomicLong clock = new AtomicLong(42);
    private final DataKeepAlive ours = new DataKeepAlive("15", clock::get);
    private final DataKeepAlive gos = new DataKeepAlive("", clock::get);

    @Test
    void aPingIsDueAfter15SecondsWithoutAByteSent() {
        pass(14);
        assertThat(ours.step()).isEqualTo(Step.NOTHING);
        assertThat(ours.untilNext()).isEqualTo(Duration.ofSeconds(1));
        pass(1);
        assertThat(ours.step()).isEqualTo(Step.PING);

        ours.ping();
        assertThat(ours.step()).isEqualTo(Step.NOTHING);
        pass(15);
        assertThat(ours.step()).isEqualTo(Step.PING);
    }

    @Test
    void dataPutsThePingOff() {
        pass(10);
        ours.dataSent();
        pass(14);
        assertThat(ours.step()).isEqualTo(Step.NOTHING);
        pass(1);
        assertThat(ours.step()).isEqualTo(Step.PING);
    }

    @Test
    void anEndThatPromisedPingsAndIsSilentFor50SecondsIsGone() {
        ours.waiting();
        pass(49);
        ours.ping();
        assertThat(ours.step()).isEqualTo(Step.NOTHING);
        assertThat(ours.untilNext()).isEqualTo(Duration.ofSeconds(1));
        pass(1);
        assertThat(ours.step()).isEqualTo(Step.GONE);
    }

    @Test
    void aPingFromTheOtherEndIsASignOfLife() {
        ours.waiting();
        pass(49);
        ours.heard();
        pass(49);
        ours.ping();
        assertThat(ours.step()).isEqualTo(Step.NOTHING);
    }

    @Test
    void silenceCountsOnlyWhileSomebodyReads() {
        ours.waiting();
        ours.received();
        pass(600);
        ours.ping();
        assertThat(ours.step()).isEqualTo(Step.NOTHING);

        ours.waiting();
        pass(49);
        ours.ping();
        assertThat(ours.step()).isEqualTo(Step.NOTHING);
        pass(1);
        assertThat(ours.step()).isEqualTo(Step.GONE);
    }

    @Test
    void unansweredPingsAloneEndNothing() {
        gos.waiting();
        gos.dataSent();
        for (int i = 0; i < 100; i++) {
            pass(15);
            assertThat(gos.step()).isEqualTo(Step.PING);
            gos.ping();
        }
    }

    @Test
    void anEndThatHadReadEverythingAndIsSilentIsGone() {
        gos.waiting();
        gos.dataSent();
        gos.pong(ByteBuffer.wrap(gos.ping()));
        pass(50);

        assertThat(gos.step()).isEqualTo(Step.GONE);
    }

    @Test
    void dataAfterTheAnswerMayBlockTheOtherEnd() {
        gos.waiting();
        byte[] first = gos.ping();
        gos.dataSent();
        gos.ping();
        gos.pong(ByteBuffer.wrap(first));
        pass(500);

        assertThat(gos.step()).isEqualTo(Step.PING);
    }

    @Test
    void aForeignPongProvesNothing() {
        gos.waiting();
        gos.ping();
        gos.pong(ByteBuffer.wrap(new byte[3]));
        gos.pong(ByteBuffer.allocate(0));
        pass(500);

        assertThat(gos.step()).isEqualTo(Step.PING);
    }

    private void pass(int seconds) {
        clock.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
