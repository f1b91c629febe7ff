package ml.helix.wolf.bench.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CallerIT {
    private static final Duration INSTANT = Duration.ofMillis(1);

    /** What a bad tunnel does to the bytes of a download. */
    @FunctionalInterface
    private interface Harm {
        byte[] of(byte[] bytes);
    }

    @Test
    void aTransferCountsItsBytes() throws Exception {
        try (var service = LocalService.start()) {
            var caller = new Caller(service.address());

            assertThat(caller.download(INSTANT)).isGreaterThanOrEqualTo(Blocks.LARGEST);
            assertThat(caller.upload(INSTANT)).isGreaterThanOrEqualTo(Blocks.LARGEST);
            caller.dial(1);
            caller.request();
        }
    }

    @Test
    void aChangedByteIsNoticed() throws Exception {
        downloadThrough(bytes -> {
                    bytes[50_000]++;
                    return bytes;
                })
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("block 0 is not what was sent");
    }

    @Test
    void aStreamThatWasCutIsNoticed() throws Exception {
        downloadThrough(bytes -> java.util.Arrays.copyOf(bytes, bytes.length - 1))
                .isInstanceOf(EOFException.class);
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> downloadThrough(Harm harm)
            throws Exception {
        try (var service = LocalService.start();
                var harming = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> pass(harming, service.address(), harm));
            var caller = new Caller((InetSocketAddress) harming.getLocalSocketAddress());
            return assertThatThrownBy(() -> caller.download(INSTANT));
        }
    }

    private static void pass(ServerSocket caller, InetSocketAddress service, Harm harm) {
        try (Socket here = caller.accept();
                Socket there = new Socket(service.getAddress(), service.getPort())) {
            there.getOutputStream().write(here.getInputStream().readNBytes(13));
            here.getOutputStream().write(harm.of(there.getInputStream().readAllBytes()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
