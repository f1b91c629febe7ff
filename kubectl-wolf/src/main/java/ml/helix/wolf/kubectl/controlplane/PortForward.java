package ml.helix.wolf.kubectl.controlplane;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import ml.helix.wolf.kubectl.failure.Failure;

/**
 * A local port whose requests go to one Wolf through the control plane: one request for each connection, as with Wolf itself. Each
 * connection has a connection to the control plane and two threads. {@link #close} ends all. Thread-safe.
 */
public final class PortForward implements AutoCloseable {
    private static final int MOST_CONNECTIONS = 256;
    private static final int HEAD_TIMEOUT = 30_000;

    private final ServerSocket listener;
    private final ControlPlane controlPlane;
    private final String id;
    private final Consumer<String> log;
    private final Semaphore places = new Semaphore(MOST_CONNECTIONS);

    private PortForward(ServerSocket listener, ControlPlane controlPlane, String id, Consumer<String> log) {
        this.listener = listener;
        this.controlPlane = controlPlane;
        this.id = id;
        this.log = log;
    }

    /**
     * Listens on 127.0.0.1.
     *
     * @param port 0 for a free one
     * @param log gets a line about each connection that failed
     */
    public static PortForward listen(int port, ControlPlane controlPlane, String id, Consumer<String> log)
            throws Failure {
        try {
            var listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            return new PortForward(listener, controlPlane, id, log);
        } catch (IOException e) {
            throw new Failure("can't listen on 127.0.0.1:" + port + ": " + e.getMessage(), e);
        }
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Serves connections until {@link #close}. */
    public void run() throws Failure {
        try {
            while (true) {
                places.acquireUninterruptibly();
                Socket caller = listener.accept();
                Thread.ofVirtual().start(() -> {
                    try (caller) {
                        serve(caller);
                    } catch (IOException | Failure e) {
                        log.accept(String.valueOf(e.getMessage()));
                    } finally {
                        places.release();
                    }
                });
            }
        } catch (SocketException e) {
            if (!listener.isClosed()) {
                throw new Failure("the local port failed: " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new Failure("the local port failed: " + e.getMessage(), e);
        }
    }

    private void serve(Socket caller) throws IOException, Failure {
        caller.setTcpNoDelay(true);
        caller.setSoTimeout(HEAD_TIMEOUT);
        var in = new BufferedInputStream(caller.getInputStream());
        Head head;
        try {
            head = Head.read(in);
        } catch (IOException e) {
            return; // a connection without a request, as browsers open them
        }
        caller.setSoTimeout(0);
        var request = new LocalRequest(head);
        String refusal = request.refusal();
        if (!refusal.isEmpty()) {
            answer(caller, refusal);
            throw new IOException("refused a request: " + refusal.replaceAll("^[0-9]+ ", ""));
        }
        Socket remote;
        try {
            remote = controlPlane.connect();
        } catch (Failure e) {
            answer(caller, "502 " + e.text());
            throw e;
        }
        try (remote) {
            remote.getOutputStream().write(request.forwarded(controlPlane, id).bytes());
            var callerGone = new AtomicBoolean();
            Thread.ofVirtual().start(() -> copy(in, remote, callerGone));
            try {
                transfer(remote.getInputStream(), caller.getOutputStream());
            } catch (IOException e) {
                if (!callerGone.get()) {
                    throw e;
                }
            }
        }
    }

    /** From the caller to the control plane. The end of either ends both. */
    private static void copy(InputStream from, Socket to, AtomicBoolean ended) {
        try (to) {
            transfer(from, to.getOutputStream());
            ended.set(true);
        } catch (IOException _) {
            // the other direction says what there is to say
        }
    }

    private static void transfer(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[16 * 1024];
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            to.write(buffer, 0, count);
        }
    }

    private static void answer(Socket caller, String statusAndText) throws IOException {
        byte[] text = (statusAndText.substring(4) + "\n").getBytes(StandardCharsets.UTF_8);
        var out = caller.getOutputStream();
        out.write(("HTTP/1.1 " + statusAndText.substring(0, 3)
                        + " kubectl-wolf\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + text.length
                        + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.write(text);
        caller.shutdownOutput();
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException _) {
            // nothing waits for it
        }
    }
}
