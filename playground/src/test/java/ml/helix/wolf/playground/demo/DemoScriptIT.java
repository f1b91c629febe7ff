package ml.helix.wolf.playground.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import ml.helix.wolf.program.Flag;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ./demo} up to its build, in a checkout whose {@code mvnw} only creates the file "built" and fails. */
@Timeout(60)
class DemoScriptIT {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final List<String> FILES = List.of("demo", "bin/java-home");

    @TempDir
    private Path checkout;

    private String output = "";

    @BeforeEach
    void checkOut() throws IOException {
        for (String file : FILES) {
            Path copy = checkout.resolve(file);
            Files.createDirectories(copy.getParent());
            Files.copy(CHECKOUT.resolve(file), copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
        Path build = Files.writeString(checkout.resolve("mvnw"), "#!/bin/sh\ntouch built\nexit 1\n");
        Files.setPosixFilePermissions(build, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void unknownFlagsAreAllNamedBeforeAnythingIsBuilt() throws Exception {
        assertThat(demo("--twice=2", "--once", "-thrice")).isEqualTo(2);

        assertThat(output).startsWith("demo: unknown: --twice -thrice; its flags are ");
        assertThat(checkout.resolve("built")).doesNotExist();
    }

    @Test
    void theScriptListsExactlyTheFlagsOfTheProgram() throws Exception {
        demo("--no-such-flag");

        String flags = DemoSettings.PROGRAM.flags().stream()
                .map(flag -> "-" + flag.name() + " ")
                .collect(Collectors.joining());
        assertThat(output).isEqualToIgnoringNewLines("demo: unknown: --no-such-flag; its flags are " + flags + "-help");
    }

    @Test
    void eachOfItsOwnFlagsLeadsToTheBuild() throws Exception {
        assertBuilds("-help");
        for (Flag flag : DemoSettings.PROGRAM.flags()) {
            assertBuilds("-" + flag.name());
            assertBuilds("--" + flag.name() + "=x");
        }
    }

    private void assertBuilds(String argument) throws Exception {
        assertThat(demo(argument)).as(argument).isEqualTo(1);
        assertThat(output).contains("the build failed");
        Files.delete(checkout.resolve("built"));
    }

    private int demo(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(checkout.resolve("demo").toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process demo = builder.start();
        output = new String(demo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return demo.waitFor();
    }
}
