package ml.helix.wolf.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Date;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Builds the image of a program with one class, once, and reads the archive. */
@EnabledOnOs(OS.LINUX)
class ImageBuildIT {
    private static final Recipe HELLO =
            new Recipe("wolf-hello", "hello", "hello", "demo.Hello", Set.of(), Set.of(), 8080);

    @TempDir
    static Path folder;

    private static StagedProgram staged;
    private static Path base;

    @BeforeAll
    static void stage() throws Exception {
        Path project = folder.resolve("project");
        Path target =
                Files.createDirectories(project.resolve("hello/target/lib")).getParent();
        Path source = project.resolve("hello/Hello.java");
        Files.writeString(source, """
                package demo;
                class Hello {
                    public static void main(String[] args) throws Exception {
                        System.out.println("Hello, " + String.join(" ", args) + " within " + Runtime.getRuntime().maxMemory());
                    }
                }
                """);
        Path classes = project.resolve("hello/classes");
        assertThat(tool("javac", "-d", classes, source)).isZero();
        assertThat(tool("jar", "--create", "--file", target.resolve("hello.jar"), "-C", classes, "."))
                .isZero();
        Files.writeString(project.resolve("hello/jvm.options"), "# small\n-XX:+UseSerialGC\n-Xmx8m\n");
        staged = StagedProgram.stage(HELLO, project, folder.resolve("stage"));
        Path root = Files.createDirectories(folder.resolve("base"));
        HostBase.fill(root, staged.home());
        base = folder.resolve("base.tar");
        new ImageArchive(folder.resolve("layers")).base(root, base);
    }

    private static int tool(String name, Object... arguments) {
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        return ToolProvider.findFirst(name).orElseThrow().run(System.out, System.err, words);
    }

    @Test
    void theImageStartsItsProgramAsANonRootUserInAUtf8Locale() throws Exception {
        ImageFile image = build("image.tar", "layers");

        assertThat(image.name()).isEqualTo("wolf-hello:1");
        JsonNode configuration = image.configuration().get("config");
        assertThat(configuration.at("/Entrypoint/0").asText()).isEqualTo("/opt/hello/bin/hello");
        assertThat(configuration.get("User").asText()).isEqualTo("65532:65532");
        assertThat(configuration.get("Env").toString())
                .contains("LC_ALL=C.UTF-8")
                .contains("PATH=/opt/hello/bin:");
        assertThat(configuration.get("ExposedPorts").has("8080/tcp")).isTrue();
    }

    @Test
    void theImageHoldsTheProgramTheRuntimeAndTheCLibrary() throws Exception {
        assertThat(build("image.tar", "layers").entries())
                .extracting(TarArchiveEntry::getName)
                .contains("opt/hello/lib/app/hello.jar", "opt/hello/lib/runtime/lib/server/libjvm.so", "etc/passwd")
                .anyMatch(name -> name.endsWith("/libc.so.6"))
                .anyMatch(name -> name.endsWith("/LC_CTYPE"));
    }

    @Test
    void everyFileHasTheSameTimeAndBelongsToRoot() throws Exception {
        assertThat(build("image.tar", "layers").entries())
                .filteredOn(TarArchiveEntry::isFile)
                .allSatisfy(file -> {
                    assertThat(file.getLastModifiedDate()).isEqualTo(Date.from(StagedProgram.TIME));
                    assertThat(file.getLongUserId()).isZero();
                });
    }

    @Test
    void theSameInputGivesTheSameArchiveByteForByte() throws Exception {
        build("image.tar", "layers");
        build("again.tar", "layers-again");

        assertThat(folder.resolve("again.tar")).hasSameBinaryContentAs(folder.resolve("image.tar"));
    }

    @Test
    void theLauncherPassesArgumentsAndTheModulesJvmOptions() throws Exception {
        Process hello = new ProcessBuilder(staged.launcher().toString(), "Wolf").start();
        try (var out = hello.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine()).startsWith("Hello, Wolf within 8");
        } finally {
            hello.destroyForcibly();
        }
    }

    @Test
    void aTrainingRunWritesAnAotCacheThatTheLauncherUses() throws Exception {
        var trained = new StagedProgram(HELLO, folder.resolve("trained"), staged.jars(), staged.jvmOptions());
        try (var files = Files.walk(staged.home())) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        trained.home().resolve(staged.home().relativize(file)),
                        StandardCopyOption.COPY_ATTRIBUTES,
                        LinkOption.NOFOLLOW_LINKS);
            }
        }
        try (var run = TrainingRun.start(trained, Map.of(), folder.resolve("training.log"))) {
            assertThat(run.process().waitFor(180, TimeUnit.SECONDS)).isTrue();
            run.finish();
        }

        assertThat(trained.trained()).isRegularFile();
        assertThat(trained.home().resolve("lib/app/hello.cfg")).content().contains("-XX:AOTCache=$APPDIR/hello.aot");
    }

    @Test
    void theErrorForAnUnbuiltModuleNamesTheCommandThatBuildsIt() {
        var unbuilt = new Recipe("wolf-none", "none", "none", "demo.None", Set.of(), Set.of(), 8080);

        assertThatThrownBy(() -> StagedProgram.stage(unbuilt, folder, folder.resolve("stage-none")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none/target/none.jar")
                .hasMessageContaining("./mvnw -DskipTests package");
    }

    private static ImageFile build(String file, String cache) throws IOException, InterruptedException {
        Path archive = folder.resolve(file);
        if (!Files.exists(archive)) {
            new ImageArchive(folder.resolve(cache)).image(staged, base.toString(), archive, "wolf-hello:1");
        }
        return new ImageFile(archive);
    }
}
