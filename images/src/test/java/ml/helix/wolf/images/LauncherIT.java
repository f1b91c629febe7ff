package ml.helix.wolf.images;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launchers in {@code bin/} with AOT caches that fit and that don't, in a checkout whose agent only says hello. */
@EnabledOnOs(OS.LINUX)
class LauncherIT {
    private static final Path BIN = Path.of("../bin").toAbsolutePath().normalize();
    private static final String OPTIONS = "TUNNEL_AGENT_JAVA_OPTS";
    private static final Map<String, String> SHOW_CLASSES = Map.of(OPTIONS, "-Xlog:class+load");
    private static final String FROM_CACHE = "ml.helix.wolf.agent.Main source: shared objects file";

    @TempDir
    static Path folder;

    private static Path trained;

    /** A copy of the trained checkout, for one test. */
    @TempDir
    private Path checkout;

    @BeforeAll
    static void train() throws Exception {
        trained = folder.resolve("with a space");
        Path target = Files.createDirectories(trained.resolve("tunnel-agent/target/lib"))
                .getParent();
        Path source = Files.writeString(folder.resolve("Main.java"), """
                package ml.helix.wolf.agent;
                class Main {
                    public static void main(String[] args) {
                        System.out.println("Hello, " + String.join(" ", args));
                    }
                }
                """);
        run("javac", "-d", folder.resolve("classes"), source);
        run("jar", "--create", "--file", target.resolve("tunnel-agent.jar"), "-C", folder.resolve("classes"), ".");
        run("jar", "--create", "--file", target.resolve("lib/library.jar"), "-C", folder, "Main.java");
        Files.writeString(trained.resolve("tunnel-agent/jvm.options"), "# small\n-XX:+UseSerialGC\n-Xmx16m\n");
        Files.createDirectories(trained.resolve("bin"));
        for (String file : new String[] {"tunnel-agent", "launch", "java-home"}) {
            Files.copy(BIN.resolve(file), trained.resolve("bin").resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        try (var run = TrainingRun.start(program(trained), Map.of(), folder.resolve("training.log"))) {
            assertThat(run.process().waitFor(180, TimeUnit.SECONDS)).isTrue();
            run.finish();
        }
    }

    private static void run(String tool, Object... arguments) {
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        assertThat(ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, words))
                .isZero();
    }

    private static CheckoutProgram program(Path checkout) throws IOException {
        return CheckoutProgram.of(Recipe.AGENT, checkout);
    }

    @BeforeEach
    void copy() throws IOException {
        try (var files = Files.walk(trained)) {
            for (Path file : files.skip(1).toList()) {
                Files.copy(
                        file,
                        checkout.resolve(trained.relativize(file)),
                        StandardCopyOption.COPY_ATTRIBUTES,
                        LinkOption.NOFOLLOW_LINKS);
            }
        }
    }

    @Test
    void theLauncherUsesTheCache() throws Exception {
        assertThat(launch(trained, SHOW_CLASSES)).contains(FROM_CACHE);
    }

    @Test
    void aCheckoutThatHasMovedKeepsItsCache() throws Exception {
        assertThat(launch(checkout, SHOW_CLASSES)).contains(FROM_CACHE);
    }

    @Test
    void withoutACacheTheProgramStartsSilently() throws Exception {
        program(checkout).discard();

        assertThat(launch(checkout, Map.of())).isEqualTo("Hello, Wolf\n");
    }

    @Test
    void aTruncatedCacheIsIgnoredSilently() throws Exception {
        byte[] bytes = Files.readAllBytes(cache());
        Files.write(cache(), Arrays.copyOf(bytes, bytes.length / 2));

        assertThat(launch(checkout, Map.of())).isEqualTo("Hello, Wolf\n");
    }

    @Test
    void anEmptyCacheIsIgnoredSilently() throws Exception {
        Files.write(cache(), new byte[0]);

        assertThat(launch(checkout, Map.of())).isEqualTo("Hello, Wolf\n");
    }

    @Test
    void aCacheOfAnotherBuildOfTheJvmIsIgnoredSilently() throws Exception {
        String version = System.getProperty("java.vm.version");
        String bytes = Files.readString(cache(), ISO_8859_1);
        Files.writeString(cache(), bytes.replace(version, "x".repeat(version.length())), ISO_8859_1);

        assertThat(launch(checkout, Map.of())).isEqualTo("Hello, Wolf\n");
    }

    @Test
    void aCacheForOtherOptionsIsIgnoredSilently() throws Exception {
        assertThat(launch(checkout, Map.of(OPTIONS, "-XX:-UseCompressedOops"))).isEqualTo("Hello, Wolf\n");
    }

    @Test
    void aJarWithAnotherTimeMakesTheJvmIgnoreTheCacheSilently() throws Exception {
        Files.setLastModifiedTime(jar(), FileTime.from(Instant.EPOCH));

        assertThat(launch(checkout, Map.of())).isEqualTo("Hello, Wolf\n");
    }

    @Test
    void aCacheThatIsOlderThanAJarIsNotTried() throws Exception {
        FileTime later =
                FileTime.from(Files.getLastModifiedTime(cache()).toInstant().plus(Duration.ofMinutes(1)));
        Files.setLastModifiedTime(checkout.resolve("tunnel-agent/target/lib/library.jar"), later);

        assertThat(launch(checkout, SHOW_CLASSES)).doesNotContain(FROM_CACHE).contains("shared objects file");
    }

    @Test
    void aCacheOfAnotherJavaIsNotTried() throws Exception {
        Path made = checkout.resolve("bin/target/tunnel-agent.aot.of");
        Files.writeString(made, Files.readString(made).replaceFirst(".*", "/opt/java-elsewhere"));

        assertThat(launch(checkout, SHOW_CLASSES)).doesNotContain(FROM_CACHE).contains("shared objects file");
    }

    @Test
    void aCacheIsUpToDateUntilAJarChanges() throws Exception {
        assertThat(program(checkout).isUpToDate()).isTrue();

        Files.setLastModifiedTime(jar(), FileTime.from(Instant.EPOCH));
        assertThat(program(checkout).isUpToDate()).isFalse();
    }

    private Path cache() {
        return checkout.resolve("bin/target/tunnel-agent.aot");
    }

    private Path jar() {
        return checkout.resolve("tunnel-agent/target/tunnel-agent.jar");
    }

    /** What the launcher and the program print, errors too. Both must succeed. */
    private static String launch(Path checkout, Map<String, String> environment) throws Exception {
        var builder = new ProcessBuilder(program(checkout).launcher().toString(), "Wolf").redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().remove(OPTIONS);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).isZero();
        return output;
    }
}
