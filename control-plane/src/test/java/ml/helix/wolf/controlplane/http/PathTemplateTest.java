package ml.helix.wolf.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathTemplateTest {

    @ParameterizedTest
    @CsvSource({
        "/, /",
        "/livez, /livez",
        "/a/{id}, /a/1",
        "/a/{id}/b, /a/1/b",
        "/a/{id}, /a/..",
        "/a/**, /a/",
        "/a/**, /a/b",
        "/a/**, /a//",
        "/**, /",
        "/**, //livez",
    })
    void aPathThatFitsMatches(String template, String path) {
        assertThat(match(template, path)).isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "/livez, /livez/",
        "/livez, //livez",
        "/livez, /%6Civez",
        "/livez, /LIVEZ",
        "/livez, /livez;a=b",
        "/, //",
        "/a/{id}, /a",
        "/a/{id}, /a/",
        "/a/{id}, /a/1/",
        "/a/{id}, /a/1/b",
        "/a/{id}/b, /a//b",
        "/a/{id}/b, /a/1%2Fb",
        "/a/**, /a",
        "/a/**, /ab/c",
        "/a/{id}/**, /a//b",
    })
    void anyOtherPathDoesNot(String template, String path) {
        assertThat(match(template, path)).isEmpty();
    }

    @Test
    void aParameterIsDecodedAndTheRestIsKeptAsItCame() throws ApiException {
        PathMatch match = match("/a/{id}/b/{other}/**", "/a/%C3%BC%2F1/b/%2e%2E/c%2Fd//..;e=%zz")
                .orElseThrow();

        assertThat(match.raw()).isEqualTo(Map.of("id", "%C3%BC%2F1", "other", "%2e%2E"));
        assertThat(match.parameter("id")).isEqualTo("ü/1");
        assertThat(match.parameter("other")).isEqualTo("..");
        assertThat(match.rest()).isEqualTo("/c%2Fd//..;e=%zz");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a/%zz", "/a/%2", "/a/%", "/a/%ff", "/a/%C3"})
    void aParameterWithABrokenEscapeIsABadRequest(String path) {
        PathMatch match = match("/a/{id}", path).orElseThrow();

        assertThatThrownBy(() -> match.parameter("id"))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.error().status()).isEqualTo(400));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a", "/a/{}", "/a/{id", "/a/x{id}", "/{id}/{id}", "/**/a", "/a*", "/a/{i d}", "/%2F", "/a?b"
            })
    void whatIsNoTemplateIsRefused(String text) {
        assertThatThrownBy(() -> PathTemplate.of(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLiteralComesBeforeAParameterAndAParameterBeforeTheRest() {
        List<String> expected = List.of(
                "/",
                "/a/b",
                "/a/b/{y}",
                "/a/c",
                "/a/{x}",
                "/a/{x}/b",
                "/a/{x}/{y}",
                "/a/{x}/**",
                "/a/**",
                "/{x}/b",
                "/**");
        List<String> shuffled = new ArrayList<>(expected);
        Collections.shuffle(shuffled, new Random(1));

        Stream<PathTemplate> sorted = shuffled.stream().map(PathTemplate::of).sorted();

        assertThat(sorted.map(PathTemplate::toString)).isEqualTo(expected);
    }

    private static Optional<PathMatch> match(String template, String path) {
        return PathTemplate.of(template).match(PathTemplate.split(path));
    }
}
