package ml.helix.wolf.conformance.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestTemplate;

/** The kit's README lists the sentences of the contract with their cases: each has one, and each case exists. */
class DocumentedCasesTest {
    private static final Pattern CASE = Pattern.compile("`(\\w+IT)\\.(\\w+)`");

    @Test
    void eachSentenceHasACase() throws IOException {
        assertThat(sentences()).hasSizeGreaterThan(50).allSatisfy(row -> assertThat(row)
                .containsPattern(CASE));
    }

    @Test
    void eachCaseExists() throws Exception {
        List<String> missing = new ArrayList<>();
        for (String row : sentences()) {
            for (MatchResult listed : CASE.matcher(row).results().toList()) {
                if (!casesOf(listed.group(1)).contains(listed.group(2))) {
                    missing.add(listed.group());
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    /** The rows of the tables, without their heads. */
    private static List<String> sentences() throws IOException {
        return Files.readAllLines(Path.of("README.md")).stream()
                .filter(line -> line.startsWith("| ") && !line.endsWith("| cases |"))
                .toList();
    }

    private static List<String> casesOf(String name) throws ClassNotFoundException {
        Class<?> tests = Class.forName(DocumentedCasesTest.class.getPackageName() + "." + name);
        return Arrays.stream(tests.getDeclaredMethods())
                .filter(DocumentedCasesTest::isCase)
                .map(Method::getName)
                .toList();
    }

    private static boolean isCase(Method method) {
        return Arrays.stream(method.getAnnotations())
                .map(Annotation::annotationType)
                .anyMatch(type -> type == Test.class || type.isAnnotationPresent(TestTemplate.class));
    }
}
