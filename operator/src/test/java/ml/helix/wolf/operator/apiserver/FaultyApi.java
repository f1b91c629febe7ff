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
 * The way to an API server, in plain HTTP, on which a test can put obstacles: one request per connection, so that each
 * can be looked at. Thread-safe; a virtual thread per direction.
 */
final class FaultyApi implements AutoCloseable {
    private final ServerSocket server;
    private final Config upstream;
    private final SSLSocketFactory tls;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** What becomes of a request's head; a head that begins with HTTP/ is an answer instead. */
    private volatile UnaryOperator<String> obstacle = UnaryOperator.identity();

    private volatile Duration delay = Duration.ZERO;

    /** Guarded by this. */
    private boolean silent;

    /** How many events more are torn. */
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

    /** For clients: without credentials, those of the upstream's config are used. */
    ConfigBuilder config() {
        return new ConfigBuilder(Config.empty()).withMasterUrl("http://127.0.0.1:" + server.getLocalPort() + "/");
    }

    /** The first lines of all requests so far. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    /** From now on rewrites each request's head, or answers it itself with text that begins with HTTP/. */
    void obstacle(UnaryOperator<String> change) {
        obstacle = change;
    }

    void noObstacle() {
        obstacle = UnaryOperator.identity();
        delay = Duration.ZERO;
        tears.set(0);
    }

    /** From now on each request waits that long before it is passed on. */
    void slow(Duration by) {
        delay = by;
    }

    /** So many times a watch ends in the middle of the first event that comes. */
    void tearEvents(int times) {
        tears.set(times);
    }

    /** From now on nothing passes, and nothing ends either, until {@link #speak}. */
    synchronized void fallSilent() {
        silent = true;
    }

    synchronized void speak() {
        silent = false;
        notifyAll();
    }

    private synchronized void awaitVoice() {
        try {
            while (silent) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Breaks all connections. New ones are taken. */
    void cut() {
        sockets.forEach(FaultyApi::reset);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                sockets.add(client);
                Thread.ofVirtual().name("faulty-api-request").start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket client) {
        try (client) {
            var in = new BufferedInputStream(client.getInputStream());
            var asked = head(in);
            requests.add(asked.substring(0, asked.indexOf('\r')));
            LockSupport.parkNanos(delay.toNanos());
            var head = obstacle.apply(asked);
            if (head.startsWith("HTTP/")) {
                client.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
                return;
            }
            awaitVoice();
            var url = URI.create(upstream.getMasterUrl());
            try (var api = tls.createSocket(url.getHost(), url.getPort())) {
                sockets.add(api);
                api.getOutputStream().write(oneOnly(head).getBytes(StandardCharsets.ISO_8859_1));
                boolean watch = head.contains("watch=true");
                Thread back = Thread.ofVirtual().name("faulty-api-answer").start(() -> copyQuietly(api, client, watch));
                copy(in, api);
                back.join();
                sockets.remove(api);
            }
        } catch (IOException e) {
            reset(client);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(client);
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

    private static String oneOnly(String head) {
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
                awaitVoice();
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
                awaitVoice();
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
            // closed is closed
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        speak();
        cut();
    }
}
