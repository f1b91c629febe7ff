package ml.helix.wolf.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A program as it will lie in its image under {@code /opt/PROGRAM}: {@code bin/PROGRAM}, a native launcher that needs no
 * shell, {@code lib/runtime}, {@code lib/app} with the jars and the launcher's configuration.
 *
 * <p>Every file has the same time, because an AOT cache is refused where a jar's time differs from the one it was made
 * with, and because equal input shall give an equal image.
 *
 * @param recipe what it was made from
 * @param home the folder that becomes {@code /opt/PROGRAM}
 * @param jars file names in {@code lib/app}, in class path order, the program's own first
 * @param jvmOptions as the module's {@code jvm.options} gives them
 */
record StagedProgram(Recipe recipe, Path home, List<String> jars, List<String> jvmOptions) {

    /** The time of every file in an image. */
    static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

    /** Collects what {@code package} built in {@code project}, below {@code folder}. */
    static StagedProgram stage(Recipe recipe, Path project, Path folder) throws IOException {
        Path module = project.resolve(recipe.module());
        Path own = module.resolve("target/" + recipe.module() + ".jar");
        Path libraries = module.resolve("target/lib");
        if (!Files.exists(own) || !Files.isDirectory(libraries)) {
            throw new IOException(own + " and " + libraries + " must be there: run ./mvnw -DskipTests package first");
        }
        List<Path> jars = new ArrayList<>(List.of(own));
        try (Stream<Path> files = Files.list(libraries)) {
            files.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(jars::add);
        }
        var modules = new TreeSet<>(JavaRuntime.modulesOf(jars));
        modules.addAll(recipe.hidden());
        modules.removeAll(recipe.unused());
        Path input = Files.createDirectories(folder.resolve(recipe.program() + "-jars"));
        for (Path jar : jars) {
            Files.copy(jar, input.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
        Path runtime = folder.resolve(recipe.program() + "-runtime");
        JavaRuntime.link(modules, runtime);
        JavaRuntime.packageLauncher(recipe, input, own, runtime, folder);
        var staged = new StagedProgram(
                recipe,
                folder.resolve(recipe.program()),
                jars.stream().map(jar -> jar.getFileName().toString()).toList(),
                options(module.resolve("jvm.options")));
        staged.tidy();
        return staged;
    }

    private static List<String> options(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
    }

    private void tidy() throws IOException {
        Files.deleteIfExists(app().resolve(".jpackage.xml"));
        Files.deleteIfExists(home.resolve("lib/" + recipe.program() + ".png"));
        configure(List.of());
        touch();
    }

    /** Makes the launcher start the program with its own options and these. */
    void configure(List<String> more) throws IOException {
        var text = new StringBuilder("[Application]\n");
        jars.forEach(jar -> text.append("app.classpath=$APPDIR/").append(jar).append('\n'));
        text.append("app.mainclass=").append(recipe.mainClass()).append("\n\n[JavaOptions]\n");
        Stream.concat(jvmOptions.stream(), more.stream())
                .forEach(option -> text.append("java-options=").append(option).append('\n'));
        Files.writeString(app().resolve(recipe.program() + ".cfg"), text);
    }

    /** Gives every file the one time. */
    void touch() throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            files.filter(file -> !Files.isSymbolicLink(file)).forEach(file -> {
                try {
                    Files.setLastModifiedTime(file, FileTime.from(TIME));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    Path launcher() {
        return home.resolve("bin/" + recipe.program());
    }

    /** Where the AOT cache lies once there is one. */
    Path aotCache() {
        return app().resolve(recipe.program() + ".aot");
    }

    boolean hasAotCache() {
        return Files.isRegularFile(aotCache(), LinkOption.NOFOLLOW_LINKS);
    }

    private Path app() {
        return home.resolve("lib/app");
    }
}
