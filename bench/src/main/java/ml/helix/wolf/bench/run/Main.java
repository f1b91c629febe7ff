package ml.helix.wolf.bench.run;

import java.nio.file.Path;
import java.util.Arrays;
import ml.helix.wolf.bench.figures.Table;

/** {@code bench/run}; see bench/README.md. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]);
        Flags flags;
        try {
            flags = Flags.parse(root, Arrays.asList(arguments).subList(1, arguments.length));
        } catch (IllegalArgumentException e) {
            System.err.println("bench/run: " + e.getMessage() + "\n" + Flags.USAGE);
            System.exit(2);
            return;
        }
        var run = new Run(root, flags);
        Table table = run.measure();
        System.out.println(table.description());
        System.out.println();
        System.out.println(
                flags.others() ? table.markdown(flags.pairs().getFirst().name()) : table.markdown());
        Path json = root.resolve(flags.json());
        Tables.write(table, json);
        System.err.println("The same as JSON: " + json);
        run.leaks().forEach(leak -> System.err.println("bench/run: " + leak));
        System.exit(run.leaks().isEmpty() ? 0 : 1);
    }
}
