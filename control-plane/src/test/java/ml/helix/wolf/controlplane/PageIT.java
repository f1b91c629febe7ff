package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page's files and its live events, as a browser asks for them. */
class PageIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static TestControlPlane controlPlane;

    @BeforeAll
    static void start() throws IOException {
        controlPlane = TestControlPlane.start();
    }

    @AfterAll
    static void close() {
        controlPlane.close();
    }

    @Test
    void thePageIsOpenAndLoadsOnlyWhatIsHere() throws Exception {
        HttpResponse<String> page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'", "script-src 'self';", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        List<String> files = Pattern.compile("(?:src|href)=\"([^\"]*)\"")
                .matcher(page.body())
                .results()
                .map(link -> link.group(1))
                .toList();
        assertThat(files).contains("page/page.js").allMatch(file -> file.startsWith("page/"));
        for (String file : files) {
            HttpResponse<String> answer = get("/" + file);
            assertThat(answer.statusCode()).as(file).isEqualTo(200);
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(answer.body()).doesNotContainPattern("https?://(?!www\\.w3\\.org/2000/svg)");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/page/", "/page/index.htm", "/page/..", "/page/%2e%2e%2fpage.css", "/page/PageFiles.class"})
    void otherFilesAreNotFound(String path) throws Exception {
        assertThat(get(path).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer wrong-wrong-wrong-wrong", "Bearer " + TestControlPlane.RUNNER_TOKEN})
    void theEventsWantTheAdminToken(String authorization) throws Exception {
        var request = controlPlane.request("/api/v1/events");
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }

        assertThat(controlPlane.error(request.build())).isEqualTo("401 Unauthorized");
    }

    @Test
    void everyInstanceIsSentAndThenOnlyWhatChanges() throws Exception {
        try (var _ = TestAgent.connect(controlPlane, "wolf-1", TestAgent.silent())) {
            awaitSince("wolf-1");
            try (var events = Events.open(controlPlane, TestControlPlane.ADMIN_TOKEN)) {
                assertThat(events.next()).isEqualTo("begin {\"token\":\"\",\"readOnly\":false}");
                assertThat(events.nextIds()).containsExactly("wolf-1");
                assertThat(events.next()).isEqualTo("live {}");

                try (var _ = TestAgent.connect(controlPlane, "wolf-2", TestAgent.silent())) {
                    assertThat(events.nextIds()).containsExactly("wolf-2");
                    awaitSince("wolf-2");
                }
                JsonNode row;
                do {
                    JsonNode rows = events.nextInstances();
                    assertThat(rows).hasSize(1);
                    row = rows.get(0).path("instance");
                    assertThat(row.path("id").asText()).isEqualTo("wolf-2");
                } while (!row.path("status").asText().equals("degraded"));
            }
        }
    }

    /** A row has this a moment after its agent has connected, and is sent again then. */
    private static void awaitSince(String id) throws Exception {
        Waiting.until("since when it is connected is known", () -> controlPlane
                .json(controlPlane.admin("/api/v1/wolf-instances/" + id).build())
                .path("since")
                .isTextual());
    }

    @Test
    void theEventsEndWhenTheTokenIsRemovedAndWhenTheControlPlaneStops(@TempDir Path folder) throws Exception {
        Path tokens = folder.resolve("admin-token");
        Files.writeString(
                tokens, "alice " + TestControlPlane.ADMIN_TOKEN + "\nbob another-" + TestControlPlane.ADMIN_TOKEN);
        TestControlPlane own = TestControlPlane.start(tokens);
        try (var alice = Events.open(own, TestControlPlane.ADMIN_TOKEN);
                var bob = Events.open(own, "another-" + TestControlPlane.ADMIN_TOKEN)) {
            assertThat(alice.next()).startsWith("begin {\"token\":\"alice\"");
            assertThat(bob.next()).startsWith("begin {\"token\":\"bob\"");
            assertThat(alice.next()).isEqualTo("live {}");
            assertThat(bob.next()).isEqualTo("live {}");
            Files.writeString(tokens, "alice " + TestControlPlane.ADMIN_TOKEN);

            assertThat(bob.hasNext()).isFalse();
            own.close();
            assertThat(alice.hasNext()).isFalse();
        } finally {
            own.close();
        }
    }

    @Test
    void aTokenThatIsBoundToIdsShowsOnlyThose(@TempDir Path folder) throws Exception {
        Path tokens = folder.resolve("admin-token");
        Files.writeString(tokens, "carol " + TestControlPlane.ADMIN_TOKEN + " wolf-eu-*");
        try (var own = TestControlPlane.start(tokens);
                var _ = TestAgent.connect(own, "wolf-us-1", TestAgent.silent());
                var _ = TestAgent.connect(own, "wolf-eu-1", TestAgent.silent());
                var events = Events.open(own, TestControlPlane.ADMIN_TOKEN)) {
            events.next();
            assertThat(events.nextIds()).containsExactly("wolf-eu-1");
            assertThat(events.next()).isEqualTo("live {}");
        }
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return controlPlane.send(controlPlane.request(path).build());
    }

    /** Reads events; comments are left out. */
    private static final class Events implements AutoCloseable {
        private final Stream<String> lines;
        private final Iterator<String> events;

        private Events(Stream<String> lines) {
            this.lines = lines;
            events = lines.filter(line -> !line.isEmpty() && !line.startsWith(":"))
                    .iterator();
        }

        static Events open(TestControlPlane controlPlane, String token) throws Exception {
            var response = controlPlane.send(
                    controlPlane
                            .request("/api/v1/events")
                            .header("Authorization", "Bearer " + token)
                            .build(),
                    BodyHandlers.ofLines());
            assertThat(response.statusCode()).isEqualTo(200);
            return new Events(response.body());
        }

        boolean hasNext() {
            return events.hasNext();
        }

        /** The next event as {@code NAME DATA}. */
        String next() {
            return events.next().replaceFirst("event: ", "") + events.next().replaceFirst("data:", "");
        }

        JsonNode nextInstances() throws IOException {
            String event = next();
            assertThat(event).startsWith("instances ");
            return JSON.readTree(event.substring("instances ".length()));
        }

        List<String> nextIds() throws IOException {
            List<String> ids = new ArrayList<>();
            nextInstances().forEach(row -> ids.add(row.at("/instance/id").asText()));
            return ids;
        }

        @Override
        public void close() {
            lines.close();
        }
    }
}
