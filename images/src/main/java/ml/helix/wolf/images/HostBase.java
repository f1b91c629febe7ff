package ml.helix.wolf.images;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The file tree of a base image made from this machine's C library: the dynamic linker, the libraries that launcher and
 * runtime are linked with, the locale C.UTF-8, the name service configuration, the users {@code root} and
 * {@code nonroot}, {@code /tmp}. It has no shell, no package manager and no CA certificates: the Java runtime has its own.
 */
final class HostBase {
    /** The id of the user of every image; other small base images use the same id. */
    static final String NONROOT = "65532";

    private static final Map<String, String> CONFIGURATION = Map.of(
            "etc/passwd", """
                    root:x:0:0:root:/root:/sbin/nologin
                    nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
                    """,
            "etc/group", """
                    root:x:0:
                    nonroot:x:65532:
                    """,
            "etc/nsswitch.conf", """
                    passwd: files
                    group: files
                    hosts: files dns
                    """);

    /** A line of ldd: {@code libc.so.6 => /lib/… (0x…)}, or {@code /lib64/… (0x…)} for the dynamic linker. */
    private static final Pattern LINKED = Pattern.compile("\\s(/\\S+) \\(0x[0-9a-f]+\\)$");

    private static final List<Path> LOCALE =
            List.of(Path.of("/usr/lib/locale/C.utf8"), Path.of("/usr/lib/locale/C.UTF-8"));

    private HostBase() {}

    /** Fills the empty folder {@code root} with what the binaries below {@code home} need. */
    static void fill(Path root, Path home) throws IOException {
        for (String library : librariesOf(home)) {
            copy(Path.of(library), root);
        }
        Path locale = LOCALE.stream()
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow(() -> new IOException("no locale C.UTF-8 in /usr/lib/locale: install it, or set -base"));
        try (Stream<Path> files = Files.walk(locale)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                copy(file, root);
            }
        }
        for (var file : new TreeMap<>(CONFIGURATION).entrySet()) {
            Path path = root.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
        Files.createDirectories(root.resolve("tmp"));
        Files.createDirectories(root.resolve("home/nonroot"));
    }

    private static void copy(Path file, Path root) throws IOException {
        Path copy = root.resolve(file.toString().substring(1));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
    }

    private static TreeSet<String> librariesOf(Path home) throws IOException {
        var libraries = new TreeSet<String>();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.filter(HostBase::linked).toList()) {
                ldd(file)
                        .lines()
                        .map(LINKED::matcher)
                        .filter(matcher -> matcher.find() && !matcher.group(1).startsWith(home.toString()))
                        .forEach(matcher -> libraries.add(matcher.group(1)));
            }
        }
        if (libraries.stream().noneMatch(library -> library.contains("libc.so"))) {
            throw new IOException("ldd found no C library for " + home + ": -base host works only on Linux with"
                    + " glibc; set another -base");
        }
        return libraries;
    }

    private static boolean linked(Path file) {
        return Files.isRegularFile(file) && (file.toString().endsWith(".so") || Files.isExecutable(file));
    }

    private static String ldd(Path file) throws IOException {
        Process ldd = new ProcessBuilder("ldd", file.toString())
                .redirectErrorStream(true)
                .start();
        return new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
