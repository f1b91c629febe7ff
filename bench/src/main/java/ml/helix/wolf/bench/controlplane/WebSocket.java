package ml.helix.wolf.bench.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import ml.helix.wolf.agent.failure.Refusal;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * A client's WebSocket with one small buffer: thousands of them fit into one process. It answers pings, and takes each data
 * frame for a whole message of less than 64 KiB, as the control plane sends them. One thread reads; any may write.
 */
final class WebSocket implements Closeable {
    static final int BINARY = 2;
    static final int PING = 9;
    private static final int CLOSE = 8;
    private static final int PONG = 10;
    private static final int LAST = 0x80;
    private static final int MASKED = 0x80;

    private static final byte[] NORMAL_CLOSURE = {3, (byte) 0xe8};
    private static final int DISPLACED = 4001;

    private final Socket socket;
    private final BufferedSource in;
    /** Also the lock of the writers. */
    private final OutputStream out;

    private int closeCode;

    private WebSocket(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedSource(socket.getInputStream()::read, 256);
        this.out = socket.getOutputStream();
    }

    /**
     * @param agent the number of the agent, from 0
     * @param target path and query
     * @throws ml.helix.wolf.agent.failure.TunnelException if the control plane answers anything but 101
     */
    static WebSocket open(Endpoint endpoint, int agent, String target) throws IOException {
        var webSocket = new WebSocket(endpoint.connect(agent));
        try {
            webSocket.upgrade(agent, target);
            return webSocket;
        } catch (IOException e) {
            webSocket.close();
            throw e;
        }
    }

    private void upgrade(int agent, String target) throws IOException {
        out.write("""
                GET %s HTTP/1.1
                Host: localhost
                Upgrade: websocket
                Connection: Upgrade
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                Sec-WebSocket-Version: 13
                Authorization: Bearer %s
                User-Agent: wolf-tunnel-agent/bench
                Wolf-Agent-Instance: %08x

                """.formatted(target, ControlPlaneProcess.RUNNER_TOKEN, agent)
                .replace("\n", "\r\n")
                .getBytes(US_ASCII));
        ResponseHead answer = ResponseHead.read(in);
        if (answer.status() != 101) {
            throw Refusal.of(answer, "the control plane", Instant.now());
        }
    }

    /** For how long {@link #next} may wait; 0 is for ever. */
    void readTimeout(int milliseconds) throws IOException {
        socket.setSoTimeout(milliseconds);
    }

    /** The payload of the next data frame; null after a close frame or a FIN. */
    byte @Nullable [] next() throws IOException {
        while (true) {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            byte[] payload = payload(in.require());
            switch (first & 0x0f) {
                case PING -> send(PONG, payload);
                case PONG -> {}
                case CLOSE -> {
                    closeCode = payload.length < 2 ? 0 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
                    return null;
                }
                default -> {
                    return payload;
                }
            }
        }
    }

    private byte[] payload(int seven) throws IOException {
        if (seven == 127) {
            throw new IOException("a frame is longer than 64 KiB");
        }
        byte[] payload = new byte[seven < 126 ? seven : in.require() << 8 | in.require()];
        for (int done = 0; done < payload.length; ) {
            int count = in.read(payload, done, payload.length - done);
            if (count < 0) {
                throw new EOFException("the connection ended within a frame");
            }
            done += count;
        }
        return payload;
    }

    /** Whether the control plane has closed it because another agent has the id. */
    boolean wasDisplaced() {
        return closeCode == DISPLACED;
    }

    /** @param payload less than 126 bytes */
    void send(int opcode, byte[] payload) throws IOException {
        byte[] frame = new byte[6 + payload.length];
        frame[0] = (byte) (LAST | opcode);
        frame[1] = (byte) (MASKED | payload.length);
        int key = ThreadLocalRandom.current().nextInt();
        for (int i = 0; i < 4; i++) {
            frame[2 + i] = (byte) (key >> 8 * i);
        }
        for (int i = 0; i < payload.length; i++) {
            frame[6 + i] = (byte) (payload[i] ^ frame[2 + i % 4]);
        }
        synchronized (out) {
            out.write(frame);
            out.flush();
        }
    }

    /** Sends a close frame, and reads until the other end has closed too. */
    void closeInOrder() throws IOException {
        send(CLOSE, NORMAL_CLOSURE);
        while (next() != null) {
            // what was on its way
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
