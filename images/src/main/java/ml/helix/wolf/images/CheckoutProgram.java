package ml.helix.wolf.images;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A program as {@code bin/} starts it: its jar and libraries in the module's {@code target}, the JDK of this process. Its
 * cache is {@code bin/target/PROGRAM.aot}. The file {@code PROGRAM.aot.of} beside it says in its first line with which JDK
 * the cache was made, which {@code bin/launch} reads, and then of what.
 */
record CheckoutProgram(Recipe recipe, Path checkout, Path jdk, List<String> jvmOptions) implements TrainedProgram {

    static CheckoutProgram of(Recipe recipe, Path checkout) throws IOException {
        return new CheckoutProgram(
                recipe,
                checkout,
                Path.of(System.getProperty("java.home")),
                StagedProgram.optionsIn(checkout.resolve(recipe.module()).resolve("jvm.options")));
    }

    @Override
    public String name() {
        return recipe.program();
    }

    @Override
    public Path launcher() {
        return checkout.resolve("bin").resolve(name());
    }

    @Override
    public List<String> command(List<String> more) throws IOException {
        Files.createDirectories(cache().getParent());
        discard();
        List<String> command = new ArrayList<>(List.of(
                jdk.resolve("bin/java").toString(),
                "@" + checkout.resolve(recipe.module()).resolve("jvm.options")));
        command.addAll(more);
        // Word for word as in bin/launch: the JVM compares the class paths.
        command.addAll(List.of("-cp", jar() + File.pathSeparator + libraries().resolve("*"), recipe.mainClass()));
        return command;
    }

    @Override
    public Path trained() {
        return cache().resolveSibling(name() + ".aot.new");
    }

    /** A launcher sees the whole cache or none. */
    @Override
    public void useCache() throws IOException {
        Files.write(madeOf(), inputs());
        Files.move(trained(), cache(), ATOMIC_MOVE);
    }

    /** Whether the cache is there, and made of what is there now. */
    boolean isUpToDate() throws IOException {
        return TrainedProgram.exists(cache())
                && Files.exists(madeOf())
                && Files.readAllLines(madeOf()).equals(inputs());
    }

    /** A launcher would try a cache that isn't made of this, and start more slowly than without one. */
    void discard() throws IOException {
        Files.deleteIfExists(cache());
        Files.deleteIfExists(madeOf());
        Files.deleteIfExists(trained());
    }

    /** What the JVM compares when it reads a cache. The order is that of the folder, in which the JVM expands its class path. */
    private List<String> inputs() throws IOException {
        List<String> inputs = new ArrayList<>(List.of(jdk.toString(), System.getProperty("java.vm.version")));
        inputs.addAll(jvmOptions);
        inputs.add(fileKey(jar()));
        try (Stream<Path> files = Files.list(libraries())) {
            for (Path file : files.toList()) {
                inputs.add(fileKey(file));
            }
        }
        return inputs;
    }

    private static String fileKey(Path file) throws IOException {
        return file.getFileName() + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
    }

    private Path cache() {
        return checkout.resolve("bin/target").resolve(name() + ".aot");
    }

    private Path madeOf() {
        return checkout.resolve("bin/target").resolve(name() + ".aot.of");
    }

    private Path jar() {
        return checkout.resolve(recipe.module()).resolve("target/" + recipe.module() + ".jar");
    }

    private Path libraries() {
        return checkout.resolve(recipe.module()).resolve("target/lib");
    }
}
