package ml.helix.wolf.bench.controlplane;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What {@code bench/control-plane} was asked for.
 *
 * @param root the checkout
 * @param rates requests a second, one run for each
 * @param seconds how long each rate lasts
 * @param quiet for how many seconds the control plane is left alone
 * @param keep whether an agent's heartbeats share a connection
 * @param memory what its JVM takes for the machine's memory
 * @param histogram how many lines of the heap's histogram are printed
 */
record Flags(
        Path root,
        int agents,
        int busy,
        boolean tls,
        List<Integer> rates,
        int seconds,
        int quiet,
        boolean keep,
        String memory,
        String store,
        int histogram) {
    static final String USAGE = """
            usage: bench/control-plane [-agents N] [-busy N] [-tls true] [-rates N,...] [-seconds N] [-quiet N] [-memory SIZE]
                                       [-store URL] [-histogram LINES]
              -agents     how many agents connect, default 10000
              -busy       through how many of them requests go, default 100
              -tls        whether everything goes through TLS, default false
              -rates      requests a second, default 500,1000,2000,4000; 'none' for none
              -seconds    how long each rate lasts, default 10
              -quiet      how long the control plane is left alone, default 30
              -keep       whether an agent's heartbeats share a connection that stays open, default false
              -memory     what its JVM takes for the machine's memory, default 1g; the heap may take half of it
              -store      default jdbc:h2:mem:bench
              -histogram  how many lines of the heap's histogram are printed, default 0
            """;

    /** @throws IllegalArgumentException naming the flag */
    static Flags parse(Path root, List<String> arguments) {
        Map<String, String> values = new HashMap<>(Map.of(
                "-agents", "10000",
                "-busy", "100",
                "-tls", "false",
                "-rates", "500,1000,2000,4000",
                "-seconds", "10",
                "-quiet", "30",
                "-keep", "false",
                "-memory", "1g",
                "-store", "jdbc:h2:mem:bench",
                "-histogram", "0"));
        for (int i = 0; i < arguments.size(); i += 2) {
            if (i + 1 == arguments.size()) {
                throw new IllegalArgumentException(arguments.get(i) + " needs a value");
            }
            if (values.replace(arguments.get(i), arguments.get(i + 1)) == null) {
                throw new IllegalArgumentException(arguments.get(i) + " is unknown");
            }
        }
        var given = new Object() {
            String text(String flag) {
                return Objects.requireNonNull(values.get(flag));
            }

            int number(String flag) {
                return numbers(flag).getFirst();
            }

            List<Integer> numbers(String flag) {
                try {
                    return Stream.of(text(flag).split(","))
                            .map(Integer::parseUnsignedInt)
                            .toList();
                } catch (NumberFormatException e) {
                    throw new IllegalArgumentException(flag + " must be a number, not " + text(flag), e);
                }
            }
        };
        return new Flags(
                root,
                given.number("-agents"),
                given.number("-busy"),
                given.text("-tls").equals("true"),
                given.text("-rates").equals("none") ? List.of() : given.numbers("-rates"),
                given.number("-seconds"),
                given.number("-quiet"),
                given.text("-keep").equals("true"),
                given.text("-memory"),
                given.text("-store"),
                given.number("-histogram"));
    }
}
