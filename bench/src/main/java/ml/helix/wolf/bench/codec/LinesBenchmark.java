package ml.helix.wolf.bench.codec;

import java.io.IOException;
import java.nio.ByteBuffer;
import ml.helix.wolf.revdial.ControlLines;
import ml.helix.wolf.revdial.ControlMessage;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;

/** The control line of a dial: written by the control plane, read by the agent. */
public class LinesBenchmark extends CodecBenchmark {
    private final ControlMessage connReady = new ControlMessage.ConnReady("/revdial?revdial.dialer=%s&revdial.req=%s"
            .formatted("0123456789abcdef".repeat(2), "fedcba9876543210".repeat(2)));
    private final byte[] line = ControlLines.encode(connReady);
    private final ControlLines.Decoder decoder = new ControlLines.Decoder(ControlLines.AGENT_LIMIT);

    @Benchmark
    public byte[] encode() {
        return ControlLines.encode(connReady);
    }

    @Benchmark
    public @Nullable ControlMessage decode() throws IOException {
        return decoder.next(ByteBuffer.wrap(line));
    }
}
