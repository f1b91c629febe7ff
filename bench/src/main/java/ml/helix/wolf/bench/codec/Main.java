package ml.helix.wolf.bench.codec;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeMap;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** JMH with its own flags; the results are a table; its progress is in {@code bench/target/jmh.log}. */
public final class Main {
    private Main() {}

    /** Usage: {@code Main ROOT [JMH's flags]}. */
    public static void main(String[] arguments) throws Exception {
        var flags = new CommandLineOptions(Arrays.copyOfRange(arguments, 1, arguments.length));
        if (flags.shouldHelp()) {
            flags.showHelp();
            return;
        }
        var results = new TreeMap<String, String>();
        for (RunResult run : new Runner(new OptionsBuilder()
                        .parent(flags)
                        .output(Path.of(arguments[0], "bench/target/jmh.log").toString())
                        .build())
                .run()) {
            String name = run.getParams().getBenchmark();
            String[] words = name.split("\\.");
            String size = run.getParams().getParamsKeys().contains("size")
                    ? run.getParams().getParam("size")
                    : "";
            Result<?> result = run.getPrimaryResult();
            results.put(
                    name + "%6s".formatted(size),
                    "| %s, %s | %s | %,.0f |"
                            .formatted(
                                    words[words.length - 2].replace("Benchmark", ""),
                                    words[words.length - 1],
                                    size,
                                    result.getScore()));
        }
        System.out.println("| | bytes | ns |\n|---|---:|---:|");
        results.values().forEach(System.out::println);
    }
}
