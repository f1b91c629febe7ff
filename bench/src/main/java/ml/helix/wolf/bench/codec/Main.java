package ml.helix.wolf.bench.codec;

import java.nio.file.Path;
import java.util.Arrays;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** JMH with its own flags; the results go to {@code bench/target/jmh.json} too. */
public final class Main {
    private Main() {}

    /** Usage: {@code Main ROOT [JMH's flags]}. */
    public static void main(String[] arguments) throws Exception {
        var flags = new CommandLineOptions(Arrays.copyOfRange(arguments, 1, arguments.length));
        if (flags.shouldHelp()) {
            flags.showHelp();
            return;
        }
        new Runner(new OptionsBuilder()
                        .parent(flags)
                        .resultFormat(ResultFormatType.JSON)
                        .result(Path.of(arguments[0], "bench/target/jmh.json").toString())
                        .build())
                .run();
    }
}
