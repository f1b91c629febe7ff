package ml.helix.wolf.bench.run;

import java.io.Closeable;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Metric;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Concurrently;
import ml.helix.wolf.bench.streams.RequestCaller;
import ml.helix.wolf.bench.streams.Tunnel;

/** Something that is measured for a window of time, again and again, in turn with the others. */
@FunctionalInterface
interface Scenario {
    double GIB = 1 << 30;
    double MIB = 1 << 20;

    /** Returns the figures of one window; none if the target can't do this. */
    List<Figure> measure(Target target, Duration window) throws Exception;

    /**
     * All of them, by the names that {@code -only} takes, in the order of the table.
     *
     * @param tls empty without TLS
     */
    static Map<String, Scenario> all(Optional<Bench.Tls> tls) {
        Map<String, Scenario> all = new LinkedHashMap<>();
        for (int streams : new int[] {1, 16, 200}) {
            String number = streams == 1 ? "" : String.valueOf(streams);
            all.put(
                    "down" + number,
                    (target, window) -> transfer(target, streams, "down", caller -> caller.download(window)));
            all.put(
                    "up" + number,
                    (target, window) -> transfer(target, streams, "up", caller -> caller.upload(window)));
        }
        all.put("echo", Scenario::echo);
        for (int atOnce : new int[] {1, 32}) {
            String number = atOnce == 1 ? "" : String.valueOf(atOnce);
            String manner = atOnce == 1 ? "one after another" : atOnce + " at once";
            all.put(
                    "dials" + number,
                    (target, window) -> repeat(target, window, atOnce, "dial", manner, () -> {
                        Caller caller = target.caller();
                        return new Call(caller::dial, () -> {});
                    }));
            all.put("requests" + number, (target, window) -> requests(target, window, atOnce, manner));
        }
        tls.ifPresent(some -> all.put("handshakes", (target, window) -> TlsRows.handshakes(some, target, window)));
        return all;
    }

    /** Whether the row of that name opens connections all the time. */
    static boolean opensConnections(String name) {
        return name.startsWith("dials") || name.startsWith("requests") || name.equals("handshakes");
    }

    /** One transfer; returns its bytes. */
    @FunctionalInterface
    interface Transfer {
        long run(Caller caller) throws Exception;
    }

    private static List<Figure> transfer(Target target, int streams, String direction, Transfer transfer)
            throws Exception {
        var bytes = new AtomicLong();
        long start = System.nanoTime();
        Usage usage = Usage.during(
                target, () -> Concurrently.run(streams, i -> bytes.addAndGet(transfer.run(target.caller()))));
        double seconds = (System.nanoTime() - start) / 1e9;
        String name = streams == 1 ? "one stream " + direction : streams + " streams " + direction;
        Stream<Figure> rate = Stream.of(new Figure(Metric.more(name, "MiB/s"), bytes.get() / MIB / seconds));
        List<Figure> costs =
                streams == 1 ? usage.processorForBytes(direction, bytes.get() / GIB) : usage.resident("with " + name);
        return Stream.concat(rate, streams == 16 ? Stream.empty() : costs.stream())
                .toList();
    }

    private static List<Figure> echo(Target target, Duration window) throws Exception {
        long[] nanos = new long[100_000];
        int count = 0;
        long end = System.nanoTime() + window.toNanos();
        try (Caller.Held stream = target.caller().hold(1)) {
            for (long now = System.nanoTime(); now < end && count < nanos.length; count++) {
                stream.echo();
                long then = System.nanoTime();
                nanos[count] = then - now;
                now = then;
            }
        }
        Arrays.sort(nanos, 0, count);
        return List.of(
                new Figure(Metric.less("echo of 64 bytes, p50", "µs"), nanos[count / 2] / 1e3),
                new Figure(Metric.less("echo of 64 bytes, p99", "µs"), nanos[(int) (count * 0.99)] / 1e3));
    }

    /** A call that is made again and again by one caller, and what it does at the end. */
    record Call(Numbered make, Closeable end) {
        /** One call. */
        @FunctionalInterface
        interface Numbered {
            void call(int number) throws Exception;
        }
    }

    /** Makes the call of one caller. */
    @FunctionalInterface
    interface Calls {
        Call open() throws Exception;
    }

    private static List<Figure> requests(Target target, Duration window, int atOnce, String manner) throws Exception {
        if (target.tunnel().isEmpty()) {
            return repeat(
                    target,
                    window,
                    atOnce,
                    "request",
                    manner,
                    () -> new Call(i -> target.caller().request(), () -> {}));
        }
        Tunnel tunnel = target.tunnel().get();
        return !tunnel.speaksHttp()
                ? List.of()
                : repeat(target, window, atOnce, "request", manner, () -> {
                    RequestCaller caller = tunnel.requestCaller();
                    return new Call(i -> caller.request(), caller);
                });
    }

    static List<Figure> repeat(Target target, Duration window, int atOnce, String what, String manner, Calls calls)
            throws Exception {
        var made = new AtomicLong();
        long start = System.nanoTime();
        long end = start + window.toNanos();
        Usage usage = Usage.during(
                target,
                () -> Concurrently.run(atOnce, i -> {
                    Call call = calls.open();
                    try (var _ = call.end()) {
                        for (int j = 0; System.nanoTime() < end; j++) {
                            call.make().call(i * 1000 + j);
                            made.incrementAndGet();
                        }
                    }
                }));
        double seconds = (System.nanoTime() - start) / 1e9;
        Figure rate = new Figure(Metric.more(what + "s, " + manner, "a second"), made.get() / seconds);
        return Stream.concat(
                        Stream.of(rate),
                        usage.processor("a " + what + ", " + manner, "ms", cpu -> cpu * 1000 / made.get()).stream())
                .toList();
    }
}
