package ml.helix.wolf.testoutput;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/**
 * The reports of surefire and failsafe of one build, with the output of the tests.
 *
 * @param root the checkout
 * @param since the start of the build; older reports belong to another build
 */
record TestOutput(Path root, Instant since) {
    /** The Base64 of a shorter secret would too often match something else. */
    private static final int LONG_ENOUGH_FOR_BASE64 = 8;

    /** The number and size of a module's reports of this build. */
    record Size(String module, int files, long bytes) {}

    /** The report folders that a module lacks: {@code surefire-reports} for its *Test, {@code failsafe-reports} for its *IT. */
    List<String> missing(String module) throws IOException {
        List<String> missing = new ArrayList<>();
        if (hasTests(module, "Test.java") && reports(module, "surefire-reports").isEmpty()) {
            missing.add(module + "/target/surefire-reports");
        }
        if (hasTests(module, "IT.java") && reports(module, "failsafe-reports").isEmpty()) {
            missing.add(module + "/target/failsafe-reports");
        }
        return missing;
    }

    Size size(String module) throws IOException {
        List<Path> files = reports(module);
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        return new Size(module, files.size(), bytes);
    }

    /** Where one of the secrets occurs, as {@code file:line}, without the text itself. */
    List<String> places(String module, List<String> secrets) throws IOException {
        List<String> traces = secrets.stream().flatMap(TestOutput::traces).toList();
        List<String> places = new ArrayList<>();
        for (Path file : reports(module)) {
            List<String> lines =
                    Files.readString(file, StandardCharsets.ISO_8859_1).lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (traces.stream().anyMatch(lines.get(i)::contains)) {
                    places.add(root.relativize(file) + ":" + (i + 1));
                }
            }
        }
        return places;
    }

    /** The forms in which a secret can occur: as it is, URL-escaped, in Base64 at any offset. */
    static Stream<String> traces(String secret) {
        Stream<String> plain = Stream.of(secret, URLEncoder.encode(secret, StandardCharsets.UTF_8));
        return secret.length() < LONG_ENOUGH_FOR_BASE64
                ? plain
                : Stream.concat(plain, Stream.of(0, 1, 2).map(offset -> inBase64(secret, offset)));
    }

    /** The part of the encoded secret that doesn't depend on the bytes before and after it. */
    private static String inBase64(String secret, int offset) {
        byte[] shifted = ("x".repeat(offset) + secret).getBytes(StandardCharsets.UTF_8);
        String whole = Base64.getEncoder().encodeToString(shifted);
        return whole.substring(offset == 0 ? 0 : 4, shifted.length / 3 * 4);
    }

    private boolean hasTests(String module, String suffix) throws IOException {
        Path sources = root.resolve(module).resolve("src/test/java");
        if (!Files.isDirectory(sources)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(sources)) {
            return files.anyMatch(file -> file.toString().endsWith(suffix));
        }
    }

    private List<Path> reports(String module) throws IOException {
        List<Path> all = new ArrayList<>(reports(module, "surefire-reports"));
        all.addAll(reports(module, "failsafe-reports"));
        return all;
    }

    private List<Path> reports(String module, String folder) throws IOException {
        Path reports = root.resolve(module).resolve("target").resolve(folder);
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(reports)) {
            try (Stream<Path> files = Files.walk(reports)) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    if (Files.size(file) > 0
                            && !Files.getLastModifiedTime(file).toInstant().isBefore(since)) {
                        found.add(file);
                    }
                }
            }
        }
        return found;
    }
}
