package ml.helix.wolf.images;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import com.google.cloud.tools.jib.api.buildplan.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Writes image archives in the format of {@code docker save}, which container runtimes and {@code kind load} read. */
final class ImageArchive {
    private static final FilePermissions WORLD_WRITABLE = FilePermissions.fromOctalString("777");

    private final Path cache;

    /**
     * @param cache a folder for compressed layers. The images of one build share it; the next build needs a new one,
     *     because Jib recognises a file by its path and time, and here all times are equal
     */
    ImageArchive(Path cache) {
        this.cache = cache;
    }

    /** Writes a base image with the file tree {@code root}. */
    void base(Path root, Path archive) throws IOException, InterruptedException {
        var image = Jib.fromScratch()
                .setPlatforms(Set.of(new Platform(architecture(), "linux")))
                .setFileEntriesLayers(layer("base", root, "/", file -> true));
        write(image, archive, "wolf-base:host");
    }

    /**
     * Writes the image of a program. Runtime, libraries, program with launcher, and AOT cache are a layer each, so that a
     * new version of the program leaves the large layers unchanged.
     *
     * @param base the path of an archive, or the name of an image in a registry
     */
    void image(StagedProgram staged, String base, Path archive, String name) throws IOException, InterruptedException {
        Recipe recipe = staged.recipe();
        Path home = staged.home();
        String there = "/opt/" + recipe.program();
        Path runtime = home.resolve("lib/runtime");
        Predicate<Path> libraries = file -> file.toString().endsWith(".jar")
                && file.startsWith(home.resolve("lib/app"))
                && !file.endsWith(staged.jars().getFirst());
        Predicate<Path> cached = file -> file.equals(staged.trained());
        Predicate<Path> rest = file -> !file.startsWith(runtime) && !libraries.test(file) && !cached.test(file);
        JibContainerBuilder image = from(base)
                .setFileEntriesLayers(
                        layer("runtime", home, there, file -> file.startsWith(runtime)),
                        layer("libraries", home, there, libraries),
                        layer("program", home, there, rest),
                        layer("aot-cache", home, there, cached))
                .setEntrypoint(there + "/bin/" + recipe.program())
                .setEnvironment(Map.of("LC_ALL", "C.UTF-8", "PATH", there + "/bin:/usr/local/bin:/usr/bin:/bin"))
                .setUser(HostBase.NONROOT + ":" + HostBase.NONROOT)
                .setWorkingDirectory(AbsoluteUnixPath.get("/home/nonroot"))
                .setExposedPorts(Port.tcp(recipe.port()))
                .setCreationTime(StagedProgram.TIME);
        write(image, archive, name);
    }

    private static JibContainerBuilder from(String base) throws IOException {
        try {
            return Jib.from(base.endsWith(".tar") ? "tar://" + base : base);
        } catch (InvalidImageReferenceException e) {
            throw new IOException("'" + base + "' is neither a .tar nor an image's name", e);
        }
    }

    private static FileEntriesLayer layer(String name, Path from, String to, Predicate<Path> filter)
            throws IOException {
        var layer = FileEntriesLayer.builder().setName(name);
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(filter)
                    .filter(path -> !path.equals(from))
                    .sorted()
                    .toList()) {
                String path =
                        Path.of(to).resolve(from.relativize(file).toString()).toString();
                layer.addEntry(
                        file, AbsoluteUnixPath.get(path), permissions(file, path), StagedProgram.TIME, owner(path));
            }
        }
        return layer.build();
    }

    private static FilePermissions permissions(Path file, String path) {
        if (path.equals("/tmp")) {
            return WORLD_WRITABLE;
        }
        return Files.isDirectory(file) || Files.isExecutable(file)
                ? FilePermissions.DEFAULT_FOLDER_PERMISSIONS
                : FilePermissions.DEFAULT_FILE_PERMISSIONS;
    }

    private static String owner(String path) {
        return path.startsWith("/home/nonroot") ? HostBase.NONROOT + ":" + HostBase.NONROOT : "0:0";
    }

    private static String architecture() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    }

    private void write(JibContainerBuilder image, Path archive, String name) throws IOException, InterruptedException {
        try {
            image.containerize(Containerizer.to(TarImage.at(archive).named(name))
                    .setApplicationLayersCache(cache)
                    .setBaseImageLayersCache(cache)
                    .setToolName("images/build"));
        } catch (InvalidImageReferenceException
                | CacheDirectoryCreationException
                | RegistryException
                | ExecutionException e) {
            throw new IOException(name + " can't be built: " + rootOf(e).getMessage(), e);
        }
    }

    private static Throwable rootOf(Throwable e) {
        Throwable cause = e.getCause();
        return cause == null ? e : rootOf(cause);
    }
}
