package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.revdial.socket.TcpKeepAlive;

/**
 * Connects to the first of several addresses that answers. The attempts start in order, each {@value #HEAD_START_MILLIS}
 * ms after the previous one or as soon as one failed (RFC 8305). So an address that drops packets delays little.
 */
public final class TcpDial {
    private static final int HEAD_START_MILLIS = 250;

    private TcpDial() {}

    /** The outcome of one attempt. */
    private sealed interface Outcome {
        record Connected(Socket socket) implements Outcome {}

        record Failed(IOException why) implements Outcome {}
    }

    /**
     * A socket with TCP_NODELAY and {@link TcpKeepAlive}, without a read time-out.
     *
     * @throws SocketTimeoutException if the deadline passes first
     * @throws IOException if every address failed: the first failure, with the others suppressed
     */
    public static Socket connect(List<InetSocketAddress> addresses, Deadline deadline) throws IOException {
        if (addresses.size() == 1) {
            return attempt(socket(), addresses.getFirst(), deadline);
        }
        List<Socket> started = new ArrayList<>();
        BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
        IOException failure = new SocketTimeoutException("connect timed out");
        int failed = 0;
        Socket winner = null;
        try {
            while (failed < addresses.size() && !deadline.hasPassed()) {
                if (started.size() < addresses.size()) {
                    start(addresses.get(started.size()), started, outcomes, deadline);
                }
                boolean more = started.size() < addresses.size();
                int wait = more ? Math.min(HEAD_START_MILLIS, deadline.millisLeft()) : deadline.millisLeft();
                switch (outcomes.poll(wait, TimeUnit.MILLISECONDS)) {
                    case null -> {}
                    case Outcome.Connected(Socket socket) -> {
                        winner = socket;
                        return socket;
                    }
                    case Outcome.Failed(IOException why) -> {
                        if (failed++ == 0) {
                            failure = why;
                        } else {
                            failure.addSuppressed(why);
                        }
                    }
                }
            }
            throw failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            for (Socket socket : started) {
                if (socket != winner) {
                    socket.close();
                }
            }
        }
    }

    private static void start(
            InetSocketAddress address, List<Socket> started, BlockingQueue<Outcome> outcomes, Deadline deadline) {
        var socket = socket();
        started.add(socket);
        Thread.ofVirtual().name("connect-" + address).start(() -> {
            try {
                outcomes.add(new Outcome.Connected(attempt(socket, address, deadline)));
            } catch (IOException e) {
                outcomes.add(new Outcome.Failed(e));
            }
        });
    }

    /** Else the JDK asks for a SOCKS proxy before each connect, by a URI that it parses; what proxies there are the agent's settings say. */
    private static Socket socket() {
        return new Socket(java.net.Proxy.NO_PROXY);
    }

    private static Socket attempt(Socket socket, InetSocketAddress address, Deadline deadline) throws IOException {
        try {
            socket.connect(address, deadline.millisLeft());
            socket.setTcpNoDelay(true);
            TcpKeepAlive.enable(socket);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
