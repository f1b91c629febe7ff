package ml.helix.wolf.websocket;

import java.nio.ByteBuffer;
import ml.helix.wolf.bench.codec.CodecBenchmark;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The masking alone. Is in this package because {@link Masking} is not public. */
public class MaskingBenchmark extends CodecBenchmark {
    private static final int KEY = 0x1234_5678;

    @Param({"64", "4096", "65536"})
    public int size;

    private byte[] source = new byte[0];
    private byte[] target = new byte[0];
    private ByteBuffer buffer = ByteBuffer.allocate(0);

    @Setup
    public void allocate() {
        source = new byte[size];
        target = new byte[size];
        buffer = ByteBuffer.allocate(size);
    }

    @Benchmark
    public byte[] copy() {
        Masking.copy(source, 0, target, 0, size, KEY);
        return target;
    }

    @Benchmark
    public ByteBuffer inPlace() {
        Masking.apply(buffer, KEY);
        return buffer;
    }
}
