package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.controlplane.http.AccessRule;
import ml.helix.wolf.controlplane.http.Route;
import ml.helix.wolf.controlplane.registry.Facts;
import ml.helix.wolf.controlplane.registry.Instance;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Contract, section 4: {@code /api/v1/openapi.json} describes every route, and nothing else. */
class OpenApiIT {
    /** What a route of every method has to describe. */
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "options", "head", "patch");

    private static TestControlPlane controlPlane;
    private static JsonNode document;
    private static String text;

    @BeforeAll
    static void read() throws Exception {
        controlPlane = TestControlPlane.start();
        text = controlPlane
                .send(controlPlane.admin("/api/v1/openapi.json").build())
                .body();
        document = new ObjectMapper().readTree(text);
    }

    @AfterAll
    static void stop() {
        controlPlane.close();
    }

    @Test
    void everyRouteIsDescribedWithItsMethodsAndNothingElseIs() {
        Map<String, Set<String>> described = new TreeMap<>();
        document.path("paths").properties().forEach(path -> described.put(path.getKey(), methods(path.getValue())));

        assertThat(described).isEqualTo(routes());
    }

    private static Set<String> methods(JsonNode path) {
        return path.propertyStream()
                .map(Map.Entry::getKey)
                .filter(METHODS::contains)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** HEAD is left out where GET is: the document says so once. */
    private static Map<String, Set<String>> routes() {
        Map<String, Set<String>> routes = new TreeMap<>();
        for (Route route : describable()) {
            Set<String> methods = routes.computeIfAbsent(inDocument(route), path -> new TreeSet<>());
            methods.addAll(
                    route.methods().isEmpty()
                            ? METHODS
                            : route.methods().stream()
                                    .map(method -> method.toLowerCase(Locale.ROOT))
                                    .filter(method -> !method.equals("head"))
                                    .toList());
        }
        return routes;
    }

    /** All that lead anywhere. */
    private static List<Route> describable() {
        return controlPlane.routes().stream()
                .filter(route -> !route.leadsNowhere())
                .toList();
    }

    private static String inDocument(Route route) {
        return route.path().replace("**", "{path}");
    }

    @Test
    void theRoutesThatNeedNoAdminTokenAreTheOpenOnes() {
        Set<String> open = describable().stream()
                .filter(route -> route.access() == AccessRule.OPEN)
                .map(OpenApiIT::inDocument)
                .collect(Collectors.toSet());
        Set<String> withoutAdmin = document.path("paths")
                .propertyStream()
                .filter(path -> path.getValue().propertyStream().anyMatch(method -> {
                    JsonNode security = method.getValue().path("security");
                    return security.isArray() && !security.toString().contains("adminToken");
                }))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());

        assertThat(withoutAdmin).isEqualTo(open);
    }

    @Test
    void theFieldsOfAnInstanceAreThoseOfTheAnswer() throws Exception {
        assertThat(properties("Instance"))
                .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                fields(Instance.class).filter(field -> !field.equals("facts")), fields(Facts.class))
                        .toList());
        Class<?> body = Class.forName(Facts.class.getPackageName() + ".InstanceBody");
        assertThat(properties("InstanceBody"))
                .containsExactlyInAnyOrderElementsOf(fields(body).toList());
        assertThat(properties("Heartbeat")).isEqualTo(properties("InstanceBody"));
        JsonNode capacity =
                controlPlane.json(controlPlane.admin("/api/v1/capacity").build());
        assertThat(properties("Capacity"))
                .isEqualTo(capacity.propertyStream().map(Map.Entry::getKey).toList());
        JsonNode stats =
                controlPlane.json(controlPlane.admin("/api/v1/revdial/stats").build());
        assertThat(properties("Stats"))
                .isEqualTo(stats.propertyStream().map(Map.Entry::getKey).toList());
    }

    private static Stream<String> fields(Class<?> type) {
        return Stream.of(type.getRecordComponents()).map(RecordComponent::getName);
    }

    private static List<String> properties(String schema) {
        return document.path("components")
                .path("schemas")
                .path(schema)
                .path("properties")
                .propertyStream()
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void aParserFindsNothingWrong() {
        SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(text, null, null);

        assertThat(parsed.getMessages()).isNullOrEmpty();
        assertThat(parsed).extracting("openAPI.openapi").isEqualTo("3.1.0");
    }

    @Test
    void itWantsAnAdminToken() throws Exception {
        assertThat(controlPlane.error(
                        controlPlane.request("/api/v1/openapi.json").build()))
                .isEqualTo("401 Unauthorized");
    }
}
