package ml.helix.wolf.websocket;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The masking alone. Is in this package because {@link Masking} is not public. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MaskingBenchmark {
    private static final int KEY = 0x1234_5678;

    @Param({"64", "4096", "65536"})
    public int size;

    private byte[] source = new byte[0];
    private byte[] target = new byte[0];
    private ByteBuffer direct = ByteBuffer.allocate(0);

    @Setup
    public void allocate() {
        source = new byte[size];
        target = new byte[size];
        direct = ByteBuffer.allocateDirect(size);
    }

    @Benchmark
    public byte[] copy() {
        Masking.copy(source, 0, target, 0, size, KEY);
        return target;
    }

    @Benchmark
    public ByteBuffer inPlaceInDirectBuffer() {
        Masking.apply(direct, KEY);
        return direct;
    }
}
