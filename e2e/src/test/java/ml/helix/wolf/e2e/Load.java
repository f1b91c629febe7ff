package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Callers that send one request after another to the paths of a control plane, until it is closed. */
final class Load implements AutoCloseable {
    private static final int THREADS_FOR_EACH_PATH = 2;
    /** Between two requests of a caller that doesn't send them as fast as it can: some 40 a second to two Wolfs. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** @param instance that the control plane chose, "" if the path named one */
    private record Answer(String target, String instance, long start, long end) {}

    private final HttpClient http = HttpClient.newHttpClient();
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Map<String, AtomicLong> answered = new TreeMap<>();
    private final List<Thread> callers = new ArrayList<>();
    private final Duration pause;
    private volatile boolean closed;

    /**
     * @param paths by a name for each
     * @param pause of a caller after each answer
     */
    private Load(int port, Map<String, String> paths, Duration pause) {
        this.pause = pause;
        paths.forEach((target, path) -> {
            answered.put(target, new AtomicLong());
            for (int i = 0; i < THREADS_FOR_EACH_PATH; i++) {
                callers.add(Thread.ofVirtual().start(() -> call(request(port, path), target)));
            }
        });
    }

    /** To the Wolf of each node, by its id. */
    static Load toEach(int port, List<String> nodes) {
        return new Load(port, pathsTo(nodes), Duration.ZERO);
    }

    /** To the Wolf of each node, by its id, with a pause between requests: for tests that take long. */
    static Load steadyToEach(int port, List<String> nodes) {
        return new Load(port, pathsTo(nodes), PAUSE);
    }

    private static Map<String, String> pathsTo(List<String> nodes) {
        return nodes.stream()
                .collect(Collectors.toMap(
                        Function.identity(), node -> "/api/v1/wolf-instances/wolf-" + node + "/proxy/api/v1/apps"));
    }

    /** To the Wolf that the control plane chooses. */
    static Load routed(int port) {
        return new Load(port, Map.of("routed", "/api/v1/wolf/api/v1/apps"), Duration.ZERO);
    }

    /** A GET with the admin token. */
    static HttpRequest request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("X-Admin-Token", TestCluster.ADMIN_TOKEN)
                .timeout(Duration.ofSeconds(40))
                .build();
    }

    private void call(HttpRequest request, String target) {
        while (!closed) {
            long start = System.nanoTime();
            String instance = "";
            try {
                var response = http.send(request, BodyHandlers.ofString());
                instance = response.headers().firstValue("X-Wolf-Instance").orElse("");
                if (response.statusCode() != 200) {
                    failures.add(Instant.now() + " " + target + ": " + response.statusCode() + " " + response.body());
                }
            } catch (IOException e) {
                if (!closed) {
                    failures.add(Instant.now() + " " + target + ": " + e);
                }
            } catch (InterruptedException e) {
                return;
            }
            answers.add(new Answer(target, instance, start, System.nanoTime()));
            answered.get(target).incrementAndGet();
            LockSupport.parkNanos(pause.toNanos());
        }
    }

    /** Waits until each target has given so many more answers. */
    void awaitAnswers(int more) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        for (AtomicLong count : answered.values()) {
            long wanted = count.get() + more;
            while (count.get() < wanted) {
                assertThat(System.nanoTime()).as("answers within two minutes").isLessThan(deadline);
                Thread.sleep(50);
            }
        }
    }

    /** The longest request to each target that ended after this time, in milliseconds. */
    Map<String, Long> longestSince(long nanos) {
        var longest = new TreeMap<String, Long>();
        for (Answer answer : answers) {
            if (answer.end() > nanos) {
                longest.merge(answer.target(), (answer.end() - answer.start()) / 1_000_000, Math::max);
            }
        }
        return longest;
    }

    /** The instances that answered requests that began after this time. */
    Set<String> instancesSince(long nanos) {
        return answers.stream()
                .filter(answer -> answer.start() > nanos)
                .map(Answer::instance)
                .collect(Collectors.toSet());
    }

    int answered() {
        return answers.size();
    }

    List<String> failures() {
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        closed = true;
        callers.forEach(Thread::interrupt);
        try {
            for (Thread caller : callers) {
                caller.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted", e));
        } finally {
            http.shutdownNow();
        }
    }
}
