import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Both ends of a tunnel under measure: a local API that sends or takes numbered bytes, and its callers. Every byte is
 * compared. Started by bench/agent.
 *
 * <p>Usage: {@code java Streams.java LOCAL_PORT FORWARD_PORT MIB}
 */
class Streams {
    private static final byte[] BLOCK = new byte[1 << 20];

    static {
        new Random(1).nextBytes(BLOCK);
    }

    public static void main(String[] arguments) throws Exception {
        int forward = Integer.parseInt(arguments[1]);
        long bytes = Long.parseLong(arguments[2]) << 20;
        var local = new ServerSocket(Integer.parseInt(arguments[0]), 1024, InetAddress.ofLiteral("127.0.0.1"));
        Thread.ofPlatform().daemon().start(() -> serve(local));
        for (int tries = 0; !run(forward, false, 1); tries++) {
            if (tries == 150) {
                throw new IOException("the tunnel is not up after 30 s");
            }
            Thread.sleep(200);
        }
        for (int round = 0; round < 2; round++) {
            measure("down, 1 stream", forward, false, bytes, 1, 1);
            measure("up, 1 stream", forward, true, bytes, 1, 1);
            measure("down, 16 streams", forward, false, bytes / 16, 16, 1);
            measure("up, 16 streams", forward, true, bytes / 16, 16, 1);
            measure("200 streams at once", forward, false, 1000, 200, 1);
            measure("streams in a row, 8 callers", forward, false, 1000, 8, 500);
        }
    }

    private static void measure(String what, int port, boolean up, long bytes, int callers, int each) throws Exception {
        long start = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Void> caller = () -> {
                for (int i = 0; i < each; i++) {
                    if (!run(port, up, bytes)) {
                        throw new IOException("bytes are missing or wrong: " + what);
                    }
                }
                return null;
            };
            for (Future<Void> done : threads.invokeAll(java.util.Collections.nCopies(callers, caller))) {
                done.get();
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        long streams = (long) callers * each;
        System.out.printf("%-28s %7.0f MiB/s %7.0f streams/s%n", what, bytes * streams / seconds / (1 << 20), streams / seconds);
    }

    /** One stream; whether all of its bytes came through. */
    private static boolean run(int port, boolean up, long bytes) {
        try (var socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
            var out = new DataOutputStream(socket.getOutputStream());
            out.writeLong(up ? -bytes : bytes);
            out.flush();
            if (up) {
                send(out, bytes);
                return socket.getInputStream().read() == 1;
            }
            return same(new DataInputStream(socket.getInputStream()), bytes);
        } catch (IOException e) {
            return false;
        }
    }

    private static void serve(ServerSocket local) {
        while (true) {
            try {
                Socket socket = local.accept();
                Thread.ofVirtual().start(() -> answer(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void answer(Socket socket) {
        try (socket) {
            var in = new DataInputStream(socket.getInputStream());
            var out = new DataOutputStream(socket.getOutputStream());
            long wanted = in.readLong();
            if (wanted >= 0) {
                send(out, wanted);
            } else {
                out.write(same(in, -wanted) ? 1 : 0);
            }
        } catch (IOException e) {
            // the agent's probe, or a caller that has gone
        }
    }

    private static void send(DataOutputStream out, long bytes) throws IOException {
        for (long left = bytes; left > 0; left -= BLOCK.length) {
            out.write(BLOCK, 0, (int) Math.min(left, BLOCK.length));
        }
    }

    private static boolean same(DataInputStream in, long bytes) throws IOException {
        byte[] read = new byte[BLOCK.length];
        for (long left = bytes; left > 0; left -= BLOCK.length) {
            int length = (int) Math.min(left, BLOCK.length);
            in.readFully(read, 0, length);
            if (!Arrays.equals(read, 0, length, BLOCK, 0, length)) {
                return false;
            }
        }
        return true;
    }
}
