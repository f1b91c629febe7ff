package ml.helix.wolf.bench.run;

import java.io.IOException;
import java.nio.file.Path;

/** {@code bench/compare}: two tables of {@code bench/run}. */
public final class Compare {
    private Compare() {}

    public static void main(String[] arguments) {
        if (arguments.length != 3) {
            System.err.println("usage: bench/compare BEFORE.json AFTER.json, both written by bench/run -json");
            System.exit(2);
        }
        try {
            System.out.print(Tables.read(Path.of(arguments[1])).compare(Tables.read(Path.of(arguments[2]))));
        } catch (IOException e) {
            System.err.println("bench/compare: " + e.getMessage());
            System.exit(1);
        }
    }
}
