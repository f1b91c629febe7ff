package ml.helix.wolf.bench.streams;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Relays TLS connections and counts those that resumed a session: in TLS 1.3 the server's first message, which isn't encrypted, says
 * so by the extension pre_shared_key (RFC 8446, section 4.2.11). Thread-safe.
 */
public final class Resumptions implements Closeable {
    private static final int RECORD_HEADER = 5;
    private static final int PRE_SHARED_KEY = 41;

    private final ServerSocket listening = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    private final InetSocketAddress server;
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AtomicInteger resumed = new AtomicInteger();

    /** Listens at once. */
    public Resumptions(InetSocketAddress server) throws IOException {
        this.server = server;
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Of all connections so far. */
    public int handshakes() {
        return handshakes.get();
    }

    public int resumed() {
        return resumed.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                Thread.ofVirtual().start(() -> relay(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void relay(Socket client) {
        try (client;
                Socket there = new Socket(server.getAddress(), server.getPort())) {
            client.setTcpNoDelay(true);
            there.setTcpNoDelay(true);
            Thread up = Thread.ofVirtual().start(() -> copy(client, there));
            var in = new DataInputStream(there.getInputStream());
            byte[] header = in.readNBytes(RECORD_HEADER);
            byte[] hello = header.length < RECORD_HEADER
                    ? new byte[0]
                    : in.readNBytes(ByteBuffer.wrap(header).getShort(3) & 0xffff);
            handshakes.incrementAndGet();
            if (resumes(hello)) {
                resumed.incrementAndGet();
            }
            OutputStream out = client.getOutputStream();
            out.write(header);
            out.write(hello);
            copy(there, client);
            up.join();
        } catch (IOException | InterruptedException e) {
            // One side is gone, and the other one notices.
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            in.transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            // One side is gone, and the other one notices.
        }
    }

    /** @param hello a record with a ServerHello, without the record's header */
    static boolean resumes(byte[] hello) {
        var bytes = ByteBuffer.wrap(hello);
        int versionAndRandom = 2 + 32;
        int cipherAndCompression = 2 + 1;
        if (bytes.remaining() < 4 + versionAndRandom + 1 || bytes.get(0) != 2) {
            return false;
        }
        bytes.position(4 + versionAndRandom);
        int sessionId = bytes.get() & 0xff;
        bytes.position(bytes.position() + sessionId + cipherAndCompression + 2);
        while (bytes.remaining() >= 4) {
            int type = bytes.getShort();
            int length = bytes.getShort() & 0xffff;
            if (type == PRE_SHARED_KEY) {
                return true;
            }
            bytes.position(bytes.position() + length);
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
