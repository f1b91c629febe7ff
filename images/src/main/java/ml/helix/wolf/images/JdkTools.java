package ml.helix.wolf.images;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tools of the JDK that runs this build, called in this process. */
final class JdkTools {
    private JdkTools() {}

    /** The JDK modules that these jars use. */
    static Set<String> modulesOf(List<Path> jars) throws IOException {
        var arguments = new ArrayList<>(List.of("--multi-release", "25", "--ignore-missing-deps", "--list-deps"));
        jars.forEach(jar -> arguments.add(jar.toString()));
        return run("jdeps", arguments)
                .lines()
                .map(line -> line.strip().replaceFirst("/.*", ""))
                .filter(line -> line.matches("(java|jdk)\\.[a-z.]+"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Writes a runtime with these modules to {@code home}, which must not exist. Its classes have no line numbers. */
    static void link(Set<String> modules, Path home) throws IOException {
        run(
                "jlink",
                List.of(
                        "--add-modules",
                        String.join(",", new TreeSet<>(modules)),
                        "--strip-java-debug-attributes",
                        "--no-header-files",
                        "--no-man-pages",
                        "--compress",
                        "zip-0",
                        "--output",
                        home.toString()));
    }

    /** Writes a native launcher, its library and the runtime to {@code folder/PROGRAM}. */
    static void packageLauncher(Recipe recipe, Path jars, Path mainJar, Path runtime, Path folder) throws IOException {
        run(
                "jpackage",
                List.of(
                        "--type",
                        "app-image",
                        "--name",
                        recipe.program(),
                        "--input",
                        jars.toString(),
                        "--main-jar",
                        mainJar.getFileName().toString(),
                        "--main-class",
                        recipe.mainClass(),
                        "--runtime-image",
                        runtime.toString(),
                        "--dest",
                        folder.toString()));
    }

    private static String run(String tool, List<String> arguments) throws IOException {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = ToolProvider.findFirst(tool)
                .orElseThrow(() -> new IOException("this Java runtime has no " + tool + ": use a full JDK"))
                .run(new PrintWriter(out), new PrintWriter(err), arguments.toArray(String[]::new));
        if (status != 0) {
            String output = Stream.of(out, err)
                    .map(StringWriter::toString)
                    .filter(text -> !text.isBlank())
                    .reduce("", String::concat)
                    .strip();
            throw new IOException(tool + " ended with " + status + ": " + output);
        }
        return out.toString();
    }
}
