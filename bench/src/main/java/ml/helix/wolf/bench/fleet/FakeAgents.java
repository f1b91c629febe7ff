package ml.helix.wolf.bench.fleet;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Serves every agent's {@code /status}, all on one port. Each agent has its own address in 127.0.0.0/8, so the address of
 * a request says which agent is asked. Thread-safe.
 */
final class FakeAgents implements AutoCloseable {
    private static final String CONNECTED = """
            {"state":"Connected","since":"2026-01-01T00:00:00.123Z","wolfId":"%1$s","runnerId":"wolf-%1$s",\
            "controlPlane":"https://helix.example.com","local":"localhost:8080","wolfReachable":%2$s,"connects":1,\
            "streamsActive":2,"streamsTotal":%3$d,"bytesToWolf":%3$d,"bytesFromWolf":%3$d,"lastError":null,\
            "version":"0.1.0"}""";
    private static final String DISCONNECTED = """
            {"state":"Disconnected","since":"2026-01-01T00:00:00.123Z","wolfId":"%1$s","runnerId":"wolf-%1$s",\
            "controlPlane":"https://helix.example.com","local":"localhost:8080","wolfReachable":true,"connects":1,\
            "streamsActive":0,"streamsTotal":2,"bytesToWolf":2,"bytesFromWolf":2,"lastError":{"reason":"ConnectFailure",\
            "message":"helix.example.com:443: the connection is refused","at":"2026-01-01T00:00:00Z"},"version":"0.1.0"}""";

    private static final String NOTICES = "Wolf-Changes-To: ";
    private static final Duration WOLF_CHECK = Duration.ofSeconds(5);

    enum State {
        CONNECTED,
        DISCONNECTED,
        WITHOUT_WOLF
    }

    /** The requests since the last call of {@link #takeRequests}. */
    record Requests(int requests, int mostInASecond, int mostAtOnce, double sameTenMilliseconds) {}

    private final ServerSocket server;
    private final Map<String, State> states = new ConcurrentHashMap<>();
    /** Where each agent sends its notices. */
    private final Map<String, String> operators = new ConcurrentHashMap<>();

    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("fake-notices").factory());
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();
    private final List<Long> times = Collections.synchronizedList(new ArrayList<>());

    FakeAgents() throws IOException {
        server = new ServerSocket();
        server.bind(new InetSocketAddress(0), 4096);
        Thread.ofPlatform().daemon().name("fake-agents").start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** The address of the agent with this number, from 0. */
    static String address(int number) {
        return "127." + (16 + number / 62_500) + "." + number / 250 % 250 + "." + (1 + number % 250);
    }

    /** An agent whose Wolf goes or comes finds that out within 5 s, and then tells the operator that asked it last. */
    void set(int number, State state) {
        State before = states.put(address(number), state);
        if ((state == State.WITHOUT_WOLF) != (before == State.WITHOUT_WOLF)) {
            long found = ThreadLocalRandom.current().nextLong(WOLF_CHECK.toMillis());
            timers.schedule(
                    () -> Thread.ofVirtual().start(() -> notice(address(number))), found, TimeUnit.MILLISECONDS);
        }
    }

    private void notice(String address) {
        String[] to = operators.getOrDefault(address, "").split("[: ]");
        if (to.length != 3) {
            return;
        }
        try (var operator = new Socket(to[0], Integer.parseInt(to[1]))) {
            operator.getOutputStream()
                    .write(("POST /changed/" + to[2] + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            operator.getInputStream().readAllBytes();
        } catch (IOException e) {
            System.err.println("a notice failed: " + e.getMessage());
        }
    }

    synchronized Requests takeRequests() {
        List<Long> since;
        synchronized (times) {
            since = new ArrayList<>(times);
            times.clear();
        }
        Collections.sort(since);
        return new Requests(
                since.size(),
                mostWithin(since, 1_000_000_000L),
                mostAtOnce.getAndSet(0),
                since.isEmpty() ? 0 : (double) mostWithin(since, 10_000_000L) / since.size());
    }

    /** The most requests in any window of that length. */
    private static int mostWithin(List<Long> sorted, long nanos) {
        int most = 0;
        int first = 0;
        for (int last = 0; last < sorted.size(); last++) {
            while (sorted.get(last) - sorted.get(first) >= nanos) {
                first++;
            }
            most = Math.max(most, last - first + 1);
        }
        return most;
    }

    private void accept() {
        while (true) {
            try {
                Socket asking = server.accept();
                Thread.ofVirtual().start(() -> answer(asking));
            } catch (IOException e) {
                if (server.isClosed()) {
                    return;
                }
                throw new UncheckedIOException(e);
            }
        }
    }

    private void answer(Socket asking) {
        mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        times.add(System.nanoTime());
        try (asking) {
            asking.setSoTimeout(5_000);
            var address = asking.getLocalAddress().getHostAddress();
            var in = new BufferedReader(new InputStreamReader(asking.getInputStream(), StandardCharsets.US_ASCII));
            for (var line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                if (line.startsWith(NOTICES)) {
                    operators.put(address, line.substring(NOTICES.length()));
                }
            }
            var body =
                    switch (states.getOrDefault(address, State.CONNECTED)) {
                        case CONNECTED -> CONNECTED.formatted(address, true, System.nanoTime());
                        case DISCONNECTED -> DISCONNECTED.formatted(address);
                        case WITHOUT_WOLF -> CONNECTED.formatted(address, false, System.nanoTime());
                    };
            asking.getOutputStream()
                    .write(("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                                    + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            System.err.println("a poll failed: " + e.getMessage());
        } finally {
            atOnce.decrementAndGet();
        }
    }

    @Override
    public void close() throws IOException {
        timers.shutdownNow();
        server.close();
    }
}
