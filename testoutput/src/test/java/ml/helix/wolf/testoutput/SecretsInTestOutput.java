package ml.helix.wolf.testoutput;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The last test of a build: searches the output of all tests for the secrets that they use. The pom runs it at the end of
 * {@code verify}.
 */
class SecretsInTestOutput {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

    private final TestOutput output = new TestOutput(ROOT, Instant.parse(System.getProperty("build.began")));

    private record Known(String module, String secret) {}

    @Test
    void noTestOfAnyModuleHasPrintedASecret() throws IOException {
        List<String> secrets = known().stream().map(Known::secret).toList();
        List<String> places = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String module : modules()) {
            missing.addAll(output.missing(module));
            places.addAll(output.places(module, secrets));
            System.out.println(output.size(module));
        }
        assertThat(places).as("places where a test has printed a secret").isEmpty();
        assertThat(missing)
                .as("missing reports of this build; run ./mvnw verify for all modules")
                .isEmpty();
    }

    @Test
    void everySecretOnTheListIsUsedByTheTestsOfItsModule() throws IOException {
        for (Known known : known()) {
            // testkit's fixtures are main code
            try (Stream<Path> files = Files.walk(ROOT.resolve(known.module()).resolve("src"))) {
                boolean used = false;
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    used |= Files.readString(file).contains(known.secret());
                }
                assertThat(used)
                        .as("%s in the tests of %s", known.secret(), known.module())
                        .isTrue();
            }
        }
    }

    private static List<String> modules() throws IOException {
        List<String> modules = MODULE.matcher(Files.readString(ROOT.resolve("pom.xml")))
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(modules).contains("tunnel-agent", "e2e");
        return modules;
    }

    private static List<Known> known() throws IOException {
        return Files.readString(Path.of("src/test/resources/secrets-of-the-tests.txt"))
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" +"))
                .map(words -> new Known(words[0], words[1]))
                .toList();
    }
}
