package ml.helix.wolf.operator.apiserver;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;

/**
 * A proxy before an API server that makes faults as a test wants them. It serves plain HTTP, one request per connection, so
 * that it sees each request. Thread-safe; a virtual thread per direction.
 */
final class FaultyApi implements AutoCloseable {
    /** A response, for {@link #rewriteRequests}. */
    static final String TOO_MANY =
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

    private final ServerSocket server;
    private final Config upstream;
    private final SSLSocketFactory tls;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** Makes of a request's head the one to send on, or a whole answer, which begins with HTTP/. */
    private volatile UnaryOperator<String> rewrite = UnaryOperator.identity();

    private volatile Duration delay = Duration.ZERO;

    /** Guarded by this. */
    private boolean stalled;

    /** How many more events are torn. */
    private final AtomicInteger tears = new AtomicInteger();

    FaultyApi(Config upstream) {
        try {
            this.upstream = upstream;
            SSLContext context = SSLUtils.sslContext(upstream);
            this.tls = context.getSocketFactory();
            this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("faulty-api").start(this::accept);
    }

    /** For clients, with the token of the API server's config. */
    ConfigBuilder config() {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + server.getLocalPort() + "/")
                .withOauthToken(upstream.getOauthToken());
    }

    /** The first lines of all requests so far. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    /** From now on rewrites each request's head, or answers it with what begins with HTTP/. */
    void rewriteRequests(UnaryOperator<String> change) {
        rewrite = change;
    }

    void removeFaults() {
        rewrite = UnaryOperator.identity();
        delay = Duration.ZERO;
        tears.set(0);
    }

    /** From now on each request waits that long before it is sent on. */
    void delayRequests(Duration by) {
        delay = by;
    }

    /** The next events of watches, this many, break off in the middle and end their watches. */
    void tearEvents(int times) {
        tears.set(times);
    }

    /** From now on no byte passes and no connection ends, until {@link #resume}. */
    synchronized void stall() {
        stalled = true;
    }

    synchronized void resume() {
        stalled = false;
        notifyAll();
    }

    private synchronized void awaitResumed() {
        try {
            while (stalled) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Resets all connections. New ones are accepted. */
    void breakConnections() {
        clients.forEach(FaultyApi::reset);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                clients.add(client);
                Thread.ofVirtual().name("faulty-api-request").start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client) {
            var in = new BufferedInputStream(client.getInputStream());
            var request = head(in);
            requests.add(request.substring(0, request.indexOf('\r')));
            LockSupport.parkNanos(delay.toNanos());
            var head = rewrite.apply(request);
            if (head.startsWith("HTTP/")) {
                client.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
                return;
            }
            awaitResumed();
            var url = URI.create(upstream.getMasterUrl());
            try (var api = tls.createSocket(url.getHost(), url.getPort())) {
                api.getOutputStream().write(withoutKeepAlive(head).getBytes(StandardCharsets.ISO_8859_1));
                boolean watch = head.contains("watch=true");
                Thread back = Thread.ofVirtual().name("faulty-api-answer").start(() -> copyQuietly(api, client, watch));
                copy(in, api);
                back.join();
            }
        } catch (IOException e) {
            reset(client);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clients.remove(client);
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static String withoutKeepAlive(String head) {
        if (head.contains("Upgrade: websocket")) {
            return head;
        }
        return head.lines()
                .filter(line -> !line.matches("(?i)(connection|upgrade|http2-settings):.*"))
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining("\r\n", "", "\r\nConnection: close\r\n\r\n"));
    }

    private void copyQuietly(Socket from, Socket to, boolean watch) {
        try {
            var buffer = new byte[16 * 1024];
            var in = from.getInputStream();
            boolean answered = false;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                awaitResumed();
                if (watch && answered && tears.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                    to.getOutputStream().write(buffer, 0, read / 2);
                    reset(to);
                    reset(from);
                    return;
                }
                answered = true;
                to.getOutputStream().write(buffer, 0, read);
            }
            to.close();
        } catch (IOException e) {
            reset(to);
            reset(from);
        }
    }

    private void copy(InputStream from, Socket to) throws IOException {
        var buffer = new byte[16 * 1024];
        try {
            for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
                awaitResumed();
                to.getOutputStream().write(buffer, 0, read);
            }
        } finally {
            to.close();
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // it is closed all the same
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        resume();
        breakConnections();
    }
}
