package ml.helix.wolf.bench.codec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.websocket.FrameReader;
import ml.helix.wolf.websocket.FrameWriter;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/** A data frame written by each side, and read by each side. */
public class FramesBenchmark extends CodecBenchmark {
    @Param({"64", "4096", "65536"})
    public int size;

    private byte[] payload = new byte[0];
    private byte[] target = new byte[0];
    private FrameWriter agent = FrameWriter.masked(parts -> {});
    private FrameWriter controlPlane = FrameWriter.unmasked(parts -> {});
    private FrameReader ofAgent = reader(new byte[1], true);
    private FrameReader ofControlPlane = reader(new byte[1], false);

    @Setup
    public void frames(Blackhole sink) throws IOException {
        payload = new byte[size];
        target = new byte[size];
        agent = FrameWriter.masked(sink::consume);
        controlPlane = FrameWriter.unmasked(sink::consume);
        var masked = new ByteArrayOutputStream();
        FrameWriter.masked(parts -> add(masked, parts)).binary(payload, 0, size);
        ofAgent = reader(masked.toByteArray(), true);
        var unmasked = new ByteArrayOutputStream();
        FrameWriter.unmasked(parts -> add(unmasked, parts)).binary(payload, 0, size);
        ofControlPlane = reader(unmasked.toByteArray(), false);
    }

    private static void add(ByteArrayOutputStream to, ByteBuffer... parts) {
        for (ByteBuffer part : parts) {
            to.write(part.array(), part.arrayOffset() + part.position(), part.remaining());
        }
    }

    /** @param frame comes again and again, in pieces as large as the reader takes */
    private static FrameReader reader(byte[] frame, boolean masked) {
        ByteBuffer next = ByteBuffer.wrap(frame);
        return new FrameReader(
                target -> {
                    if (!next.hasRemaining()) {
                        next.rewind();
                    }
                    int count = Math.min(target.remaining(), next.remaining());
                    target.put(target.position(), next, next.position(), count);
                    target.position(target.position() + count);
                    next.position(next.position() + count);
                    return count;
                },
                masked,
                ping -> {},
                pong -> {},
                () -> true,
                null);
    }

    @Benchmark
    public void writeMasked() throws IOException {
        agent.binary(payload, 0, size);
    }

    @Benchmark
    public void writeUnmasked() throws IOException {
        controlPlane.binary(payload, 0, size);
    }

    @Benchmark
    public byte[] readMasked() throws IOException {
        return whole(ofAgent);
    }

    @Benchmark
    public byte[] readUnmasked() throws IOException {
        return whole(ofControlPlane);
    }

    private byte[] whole(FrameReader reader) throws IOException {
        for (int done = 0; done < size; ) {
            done += reader.read(target, done, size - done);
        }
        return target;
    }
}
