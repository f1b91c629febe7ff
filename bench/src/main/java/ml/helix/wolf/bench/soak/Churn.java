package ml.helix.wolf.bench.soak;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Concurrently;
import ml.helix.wolf.bench.streams.CorruptionException;
import ml.helix.wolf.bench.streams.RequestCaller;
import ml.helix.wolf.bench.streams.Tunnel;

/** Callers that open streams at random: short and long ones, both ways, ones that stall and ones that break off. */
final class Churn {
    private static final int CALLERS = 40;
    private static final int LONGEST_TRANSFER_MILLIS = 2000;
    private static final int LONGEST_STALL_MILLIS = 8000;
    /** For the calls that are under way at the end. */
    private static final Duration LAST_CALLS = Duration.ofMinutes(10);

    private final Tunnel tunnel;
    private final Restarts restarts;
    private final ConcurrentMap<String, AtomicLong> done = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong cut = new AtomicLong();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    Churn(Tunnel tunnel, Restarts restarts) {
        this.tunnel = tunnel;
        this.restarts = restarts;
    }

    /** Returns after that time, when all streams have ended. */
    void run(Duration time, long seed) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        Concurrently.run(CALLERS, time.plus(LAST_CALLS), i -> {
            var random = new SplittableRandom(seed + i);
            while (System.nanoTime() < end) {
                one(random);
            }
        });
    }

    private void one(SplittableRandom random) throws InterruptedException {
        String what = List.of("dial", "request", "download", "upload", "quiet", "stalled", "broken off")
                .get(random.nextInt(7));
        Restarts.Mark begin = restarts.mark();
        try {
            call(what, random);
            done.computeIfAbsent(what, name -> new AtomicLong()).incrementAndGet();
        } catch (CorruptionException e) {
            failures.add(what + ": " + e);
        } catch (IOException e) {
            if (restarts.since(begin)) {
                cut.incrementAndGet();
                TimeUnit.MILLISECONDS.sleep(20);
            } else {
                failures.add(what + ": " + e);
            }
        }
    }

    private void call(String what, SplittableRandom random) throws IOException, InterruptedException {
        Caller caller = tunnel.caller();
        Duration transfer = Duration.ofMillis(random.nextInt(LONGEST_TRANSFER_MILLIS));
        Duration stall = Duration.ofMillis(random.nextInt(LONGEST_STALL_MILLIS));
        switch (what) {
            case "dial" -> caller.dial(random.nextInt());
            case "request" -> {
                try (RequestCaller requests = tunnel.requestCaller()) {
                    requests.request();
                    requests.request();
                }
            }
            case "download" -> bytes.addAndGet(caller.download(transfer));
            case "upload" -> bytes.addAndGet(caller.upload(transfer));
            case "quiet" -> {
                try (Caller.Held held = caller.hold(random.nextInt())) {
                    TimeUnit.MILLISECONDS.sleep(stall.toMillis());
                    held.echo();
                }
            }
            case "stalled" -> bytes.addAndGet(caller.downloadLate(transfer, stall));
            default -> caller.breakOff(transfer, random.nextInt(1 << 20));
        }
    }

    /** How many streams ended well, by kind. */
    Map<String, AtomicLong> done() {
        return new TreeMap<>(done);
    }

    long bytes() {
        return bytes.get();
    }

    /** How many streams a restart has cut. */
    long cut() {
        return cut.get();
    }

    /** What was lost or corrupted. */
    Queue<String> failures() {
        return failures;
    }
}
