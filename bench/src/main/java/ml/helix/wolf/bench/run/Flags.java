package ml.helix.wolf.bench.run;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.bench.streams.Pair;

/**
 * What {@code bench/run} was asked for.
 *
 * @param only which rows, by the names of {@link Run#ROWS}
 * @param window how long a row is measured at a time; empty for what fits into the time
 * @param rounds how often each row is measured
 * @param others whether several pairs were named: then the others are ratios to the first one
 */
record Flags(
        Set<String> only,
        Optional<Duration> window,
        int rounds,
        boolean tls,
        String json,
        List<Pair> pairs,
        boolean others) {
    private static final int DEFAULT_ROUNDS = 3;

    static final String USAGE =
            """
            usage: bench/run [-only ROW,...] [-seconds N] [-rounds N] [-tls true] [-json FILE] [SERVER AGENT]...
              -only     which rows, default all: %s; with -tls true %s too
              -seconds  how long a row is measured at a time, such as 0.5; default: what fits into 5 minutes in all
              -rounds   how often each row is measured, after two rounds that don't count; default %d. With 1, that one counts
              -tls      whether agents, and callers of the proxy, use TLS, default false
              -json     where the table goes as JSON, default bench/target/run.json
              SERVER AGENT  pairs to compare. 'ours' is this checkout's program, 'ours@DIR' another checkout's; anything else is
                        an executable (bench/README.md says which flags it gets). Flags may follow in the same argument, and a name may
                        precede it: 'no-pool=ours -pool 0'. The first pair is 1. Default: ours with and without a pool, as they are
            """.formatted(String.join(" ", Run.ROWS), String.join(" ", Run.TLS_ROWS), DEFAULT_ROUNDS);

    /** @throws IllegalArgumentException says what is wrong */
    static Flags parse(Path root, List<String> arguments) {
        Optional<Set<String>> only = Optional.empty();
        Optional<Duration> window = Optional.empty();
        int rounds = DEFAULT_ROUNDS;
        boolean tls = false;
        String json = "bench/target/run.json";
        int next = 0;
        for (; next < arguments.size() && arguments.get(next).startsWith("-"); next += 2) {
            String flag = arguments.get(next);
            if (next + 1 == arguments.size()) {
                throw new IllegalArgumentException(flag + " needs a value");
            }
            String value = arguments.get(next + 1);
            switch (flag) {
                case "-only" -> only = Optional.of(new LinkedHashSet<>(List.of(value.split(","))));
                case "-seconds" -> window = Optional.of(seconds(value));
                case "-rounds" -> rounds = rounds(value);
                case "-tls" -> tls = value.equals("true");
                case "-json" -> json = value;
                default -> throw new IllegalArgumentException(flag + " is unknown");
            }
        }
        Set<String> all = new LinkedHashSet<>(Run.ROWS);
        if (tls) {
            all.addAll(Run.TLS_ROWS);
        }
        only.ifPresent(rows -> rows.stream()
                .filter(row -> !all.contains(row))
                .findFirst()
                .ifPresent(row -> {
                    throw new IllegalArgumentException(
                            Run.TLS_ROWS.contains(row) ? row + " needs -tls true" : "there is no row '" + row + "'");
                }));
        List<String> programs = arguments.subList(next, arguments.size());
        return new Flags(
                only.orElseGet(() -> all), window, rounds, tls, json, pairs(root, programs, tls), programs.size() > 2);
    }

    private static Duration seconds(String value) {
        try {
            double seconds = Double.parseDouble(value);
            if (seconds >= 0.01 && seconds <= 600) {
                return Duration.ofMillis((long) (seconds * 1000));
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("-seconds must be a number from 0.01 to 600, not " + value);
    }

    private static int rounds(String value) {
        if (!value.matches("[1-9][0-9]?")) {
            throw new IllegalArgumentException("-rounds must be a number from 1 to 99, not " + value);
        }
        return Integer.parseInt(value);
    }

    private static List<Pair> pairs(Path root, List<String> programs, boolean tls) {
        List<Pair> pairs =
                Pair.parse(root, programs.isEmpty() ? List.of("ours", "ours", "ours -pool 0", "ours") : programs);
        pairs.stream().filter(pair -> tls && !pair.isOurs()).findFirst().ifPresent(pair -> {
            throw new IllegalArgumentException(
                    "with -tls only this project's programs can be measured, not " + pair.name());
        });
        return pairs;
    }
}
