package ml.helix.wolf.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The files of a program as its image has them in {@code /opt/PROGRAM}: {@code bin/PROGRAM}, a native launcher that needs
 * no shell; {@code lib/runtime}; {@code lib/app} with the jars and the configuration of the launcher.
 *
 * <p>Every file has the same time: the JVM refuses an AOT cache if the time of a jar has changed, and equal input must
 * give an equal image.
 *
 * @param home the folder that becomes {@code /opt/PROGRAM}
 * @param jars file names in {@code lib/app} in class path order, the program's own first
 * @param jvmOptions from the module's {@code jvm.options}
 */
record StagedProgram(Recipe recipe, Path home, List<String> jars, List<String> jvmOptions) implements TrainedProgram {

    /** The time of every file in an image. */
    static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

    /** Stages what {@code ./mvnw package} built in {@code project}, in a folder below {@code folder}. */
    static StagedProgram stage(Recipe recipe, Path project, Path folder) throws IOException {
        Path module = project.resolve(recipe.module());
        Path ownJar = module.resolve("target/" + recipe.module() + ".jar");
        Path libraries = module.resolve("target/lib");
        if (!Files.exists(ownJar) || !Files.isDirectory(libraries)) {
            throw new IOException(ownJar + " and " + libraries + " are missing: run ./mvnw -DskipTests package first");
        }
        List<Path> jars = new ArrayList<>(List.of(ownJar));
        try (Stream<Path> files = Files.list(libraries)) {
            files.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(jars::add);
        }
        var modules = new TreeSet<>(JdkTools.modulesOf(jars));
        modules.addAll(recipe.hidden());
        modules.removeAll(recipe.unused());
        Path input = Files.createDirectories(folder.resolve(recipe.program() + "-jars"));
        for (Path jar : jars) {
            Files.copy(jar, input.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
        Path runtime = folder.resolve(recipe.program() + "-runtime");
        JdkTools.link(modules, runtime);
        JdkTools.packageLauncher(recipe, input, ownJar, runtime, folder);
        var staged = new StagedProgram(
                recipe,
                folder.resolve(recipe.program()),
                jars.stream().map(jar -> jar.getFileName().toString()).toList(),
                optionsIn(module.resolve("jvm.options")));
        staged.tidy();
        return staged;
    }

    /** The lines of a {@code jvm.options} file that aren't comments. */
    static List<String> optionsIn(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
    }

    private void tidy() throws IOException {
        Files.deleteIfExists(app().resolve(".jpackage.xml"));
        Files.deleteIfExists(home.resolve("lib/" + recipe.program() + ".png"));
        configure(List.of());
        setTimes();
    }

    /** Configures the launcher with the program's own JVM options and these. */
    void configure(List<String> more) throws IOException {
        var text = new StringBuilder("[Application]\n");
        jars.forEach(jar -> text.append("app.classpath=$APPDIR/").append(jar).append('\n'));
        text.append("app.mainclass=").append(recipe.mainClass()).append("\n\n[JavaOptions]\n");
        Stream.concat(jvmOptions.stream(), more.stream())
                .forEach(option -> text.append("java-options=").append(option).append('\n'));
        Files.writeString(app().resolve(recipe.program() + ".cfg"), text);
    }

    /** Sets the time of every file. */
    void setTimes() throws IOException {
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

    @Override
    public String name() {
        return recipe.program();
    }

    @Override
    public Path launcher() {
        return home.resolve("bin/" + recipe.program());
    }

    @Override
    public List<String> command(List<String> more) throws IOException {
        configure(more);
        setTimes();
        return List.of(launcher().toString());
    }

    @Override
    public Path trained() {
        return app().resolve(recipe.program() + ".aot");
    }

    @Override
    public void useCache() throws IOException {
        configure(List.of("-XX:AOTCache=$APPDIR/" + trained().getFileName()));
        setTimes();
    }

    private Path app() {
        return home.resolve("lib/app");
    }
}
