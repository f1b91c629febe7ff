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
    void aPingIsDueAfter15SecondsWithoutAByte() {
        ours.awaitingBytes();
        pass(14);
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
        assertThat(ours.untilNextStep()).isEqualTo(Duration.ofSeconds(1));
        pass(1);
        assertThat(ours.nextStep()).isEqualTo(Step.PING);

        ours.nextPing();
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
        pass(15);
        assertThat(ours.nextStep()).isEqualTo(Step.PING);
    }

    @Test
    void dataPutsThePingOff() {
        ours.awaitingBytes();
        pass(10);
        ours.dataSent();
        pass(14);
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
        pass(1);
        assertThat(ours.nextStep()).isEqualTo(Step.PING);
    }

    @Test
    void noPingIsDueWhileBytesCome() {
        int read = 0;
        while (read++ < 2) {
            ours.awaitingBytes();
            pass(14);
            assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
            ours.bytesReceived();
        }
        ours.awaitingBytes();
        pass(1);
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
        pass(1);
        assertThat(ours.nextStep()).as("30 s without sending").isEqualTo(Step.PING);
    }

    @Test
    void aPingIsDueOnceNoByteHasComeFor15Seconds() {
        pass(15);
        assertThat(gos.nextStep()).as("nobody reads").isEqualTo(Step.NOTHING);
        gos.awaitingBytes();
        pass(14);
        gos.controlFrameReceived();
        assertThat(gos.nextStep()).isEqualTo(Step.NOTHING);
        assertThat(gos.untilNextStep()).isEqualTo(Duration.ofSeconds(1));
        pass(1);
        assertThat(gos.nextStep()).isEqualTo(Step.PING);
    }

    @Test
    void anEndThatPromisedPingsAndIsSilentFor50SecondsIsGone() {
        ours.awaitingBytes();
        pass(49);
        ours.nextPing();
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
        assertThat(ours.untilNextStep()).isEqualTo(Duration.ofSeconds(1));
        pass(1);
        assertThat(ours.nextStep()).isEqualTo(Step.CUT);
    }

    @Test
    void aPingFromTheOtherEndIsASignOfLife() {
        ours.awaitingBytes();
        pass(49);
        ours.controlFrameReceived();
        pass(49);
        ours.nextPing();
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
    }

    @Test
    void silenceCountsOnlyWhileSomebodyReads() {
        ours.awaitingBytes();
        ours.bytesReceived();
        pass(600);
        ours.nextPing();
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);

        ours.awaitingBytes();
        pass(49);
        ours.nextPing();
        assertThat(ours.nextStep()).isEqualTo(Step.NOTHING);
        pass(1);
        assertThat(ours.nextStep()).isEqualTo(Step.CUT);
    }

    @Test
    void unansweredPingsAloneEndNothing() {
        gos.awaitingBytes();
        gos.dataSent();
        for (int i = 0; i < 100; i++) {
            pass(15);
            assertThat(gos.nextStep()).isEqualTo(Step.PING);
            gos.nextPing();
        }
    }

    @Test
    void anEndThatHadReadEverythingAndIsSilentIsGone() {
        gos.awaitingBytes();
        gos.dataSent();
        gos.pongReceived(ByteBuffer.wrap(gos.nextPing()));
        pass(50);

        assertThat(gos.nextStep()).isEqualTo(Step.CUT);
    }

    @Test
    void dataAfterTheAnswerMayBlockTheOtherEnd() {
        gos.awaitingBytes();
        byte[] first = gos.nextPing();
        gos.dataSent();
        gos.nextPing();
        gos.pongReceived(ByteBuffer.wrap(first));
        pass(500);

        assertThat(gos.nextStep()).isEqualTo(Step.PING);
    }

    @Test
    void aForeignPongProvesNothing() {
        gos.awaitingBytes();
        gos.nextPing();
        gos.pongReceived(ByteBuffer.wrap(new byte[3]));
        gos.pongReceived(ByteBuffer.allocate(0));
        pass(500);

        assertThat(gos.nextStep()).isEqualTo(Step.PING);
    }

    private void pass(int seconds) {
        clock.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
