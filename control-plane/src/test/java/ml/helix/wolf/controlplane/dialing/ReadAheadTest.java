package ml.helix.wolf.controlplane.dialing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
    private final CompletableFuture<Optional<IOException>> told = new CompletableFuture<>();

    @Test
    void anEndIsToldWhileNobodyReadsAndTheBytesBeforeItAreKept() throws Exception {
        byte[] sent = new byte[10_000];
        Arrays.fill(sent, (byte) 7);
        var in = new ByteArrayInputStream(sent);
        var ahead = ReadAhead.start(in::read, this::ended);
        assertThat(told.get(20, TimeUnit.SECONDS)).isEmpty();
        byte[] got = new byte[20_000];
        int count = 0;
        for (int read = 0; read >= 0; read = ahead.read(got, count, got.length - count)) {
            count += read;
        }
        assertThat(Arrays.copyOf(got, count)).isEqualTo(sent);
        assertThat(ahead.read(got, 0, 1)).isEqualTo(-1);
    }

    @Test
    void aBreakIsToldAndThrown() throws Exception {
        var broken = new IOException("reset");
        var ahead = ReadAhead.start(
                (buffer, offset, length) -> {
                    throw broken;
                },
                this::ended);
        assertThat(told.get(20, TimeUnit.SECONDS)).contains(broken);
        assertThatThrownBy(() -> ahead.read(new byte[1], 0, 1)).isSameAs(broken);
    }

    @Test
    void bytesThatWereHeldAreGivenBeforeTheSourceHasMore() throws Exception {
        var pieces = new LinkedBlockingQueue<Integer>();
        var ahead = ReadAhead.start(
                (buffer, offset, length) -> {
                    try {
                        int next = pieces.take();
                        buffer[offset] = (byte) next;
                        return next == 0 ? -1 : 1;
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                },
                this::ended);
        pieces.add(1);
        byte[] got = new byte[10];
        assertThat(ahead.read(got, 0, 10)).isEqualTo(1);
        assertThat(got[0]).isEqualTo((byte) 1);
        pieces.add(2);
        assertThat(ahead.read(got, 0, 10)).isEqualTo(1);
        assertThat(got[0]).isEqualTo((byte) 2);
        pieces.add(0);
        assertThat(ahead.read(got, 0, 10)).isEqualTo(-1);
        assertThat(told).as("the reader knows").isNotDone();
    }

    @Test
    void noMoreThanTheLimitIsHeld() throws Exception {
        var given = new AtomicInteger();
        var ahead = ReadAhead.start(
                (buffer, offset, length) -> {
                    given.addAndGet(length);
                    return length;
                },
                this::ended);
        while (given.get() < ReadAhead.LIMIT) {
            Thread.onSpinWait();
        }
        assertThat(given).hasValue(ReadAhead.LIMIT);
        byte[] got = new byte[ReadAhead.LIMIT];
        assertThat(ahead.read(got, 0, got.length)).isEqualTo(ReadAhead.LIMIT);
        assertThat(ahead.read(got, 0, 5)).isEqualTo(5);
        assertThat(given).hasValue(ReadAhead.LIMIT + 5);
    }

    private void ended(@Nullable IOException failure) {
        told.complete(Optional.ofNullable(failure));
    }
}
