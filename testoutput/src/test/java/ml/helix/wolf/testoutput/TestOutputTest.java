package ml.helix.wolf.testoutput;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestOutputTest {
    private static final String SECRET = "p@ss/word of this test";
    private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    Path root;

    private TestOutput output;

    @BeforeEach
    void aModuleWithATest() throws IOException {
        output = new TestOutput(root, START);
        write("some/src/test/java/p/OneTest.java", "class OneTest {}");
    }

    @Test
    void aSecretIsFoundInEveryFormAndOnlyItsPlaceIsReported() throws IOException {
        String file = "some/target/surefire-reports/p.OneTest-output.txt";
        String inUrl = URLEncoder.encode(SECRET, StandardCharsets.UTF_8);
        for (String form : List.of(SECRET, inUrl, base64(""), base64("a"), base64("ab"), base64("user:"))) {
            write(file, "first\nbefore " + form + " after\nlast");
            assertThat(output.places("some", List.of("other", SECRET))).as(form).containsExactly(file + ":2");
        }
        write(file, "first\nnothing\n" + base64("").substring(20));
        assertThat(output.places("some", List.of(SECRET))).isEmpty();
    }

    @Test
    void reportsOfTestsOfBothKindsAreSearched() throws IOException {
        write("some/target/surefire-reports/TEST-p.OneTest.xml", SECRET);
        write("some/target/failsafe-reports/p.OneIT.txt", SECRET);
        assertThat(output.places("some", List.of(SECRET))).hasSize(2);
        assertThat(output.size("some").files()).isEqualTo(2);
    }

    @Test
    void aModuleWithTestsMustHaveReportsOfThisBuild() throws IOException {
        assertThat(output.missing("some")).containsExactly("some/target/surefire-reports");
        Path report = write("some/target/surefire-reports/p.OneTest.txt", "Tests run: 1");
        assertThat(output.missing("some")).isEmpty();
        Files.setLastModifiedTime(report, FileTime.from(START.minusSeconds(1)));
        assertThat(output.missing("some")).as("a report of another build").hasSize(1);
        write("some/src/test/java/p/OneIT.java", "class OneIT {}");
        assertThat(output.missing("some")).hasSize(2);
        assertThat(output.missing("none")).isEmpty();
    }

    private static String base64(String before) {
        return Base64.getEncoder().encodeToString((before + SECRET + "!").getBytes(StandardCharsets.UTF_8));
    }

    private Path write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }
}
