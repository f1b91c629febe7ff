package ml.helix.wolf.playground.api;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.server.mock.KubernetesAttributesExtractor;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.Headers;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fabric8's CRUD dispatcher, which stores, lists, watches and patches, and what it lacks of an API server: server-side
 * apply, defaults and validation of custom resources, discovery, tables, and graceful deletion of pods.
 *
 * <p>Thread-safe: one request at a time.
 */
final class ApiDispatcher extends KubernetesCrudDispatcher {
    private static final Pattern FIELD_MANAGER = Pattern.compile("[?&]fieldManager=([^&]+)");
    private static final long DEFAULT_GRACE_SECONDS = 30;

    private final ServedKinds kinds = new ServedKinds();
    private final InstantSource clock;

    /**
     * What a request's path names.
     *
     * @param name "" for a list of objects
     */
    private record Target(String path, ServedKind kind, String namespace, String name) {
        boolean isStatus() {
            return path.endsWith("/status");
        }

        String collection() {
            return path.replaceFirst("/status$", "").replaceFirst("/[^/]*$", "");
        }

        ApiError notFound() {
            return ApiError.notFound(kind.plural(), name);
        }
    }

    ApiDispatcher(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public synchronized MockResponse dispatch(RecordedRequest request) {
        String path = request.getPath().split("\\?", 2)[0];
        try {
            Optional<JsonNode> discovery = kinds.discovery(path);
            MockResponse response = discovery.isPresent() ? ok(discovery.get()) : respond(request, target(path));
            return response.setHeader("Content-Type", "application/json");
        } catch (ApiError e) {
            return e.response().setHeader("Content-Type", "application/json");
        }
    }

    private Target target(String path) throws ApiError {
        Map<String, String> parts = ((KubernetesAttributesExtractor) attributeExtractor).fromKubernetesPath(path);
        ServedKind kind = kinds.find(
                        parts.getOrDefault(KubernetesAttributesExtractor.API, ""),
                        parts.getOrDefault(KubernetesAttributesExtractor.VERSION, ""),
                        parts.getOrDefault(KubernetesAttributesExtractor.PLURAL, ""))
                .orElseThrow(() -> new ApiError(404, "NotFound", "the server could not find the requested resource"));
        return new Target(
                path,
                kind,
                parts.getOrDefault(KubernetesAttributesExtractor.NAMESPACE, ""),
                parts.getOrDefault(KubernetesAttributesExtractor.NAME, ""));
    }

    private MockResponse respond(RecordedRequest request, Target target) throws ApiError {
        return switch (request.method()) {
            case GET -> get(request, target);
            case POST -> create(target, target.path(), body(request));
            case PUT -> update(request, target);
            case PATCH -> isApply(request) ? apply(request, target) : super.dispatch(request);
            case DELETE -> delete(request, target);
            default -> throw new ApiError(405, "MethodNotAllowed", request.getMethod() + " is not supported");
        };
    }

    private MockResponse get(RecordedRequest request, Target target) throws ApiError {
        if (!target.name().isEmpty() && stored(target.path()) == null) {
            throw target.notFound();
        }
        MockResponse found = super.dispatch(request);
        boolean table = requireNonNullElse(request.getHeader("Accept"), "").contains("as=Table");
        return table && found.getBody() != null
                ? ok(Tables.of(target.kind(), parse(found.getBody().readUtf8()), clock.instant()))
                : found;
    }

    private MockResponse create(Target target, String collection, ObjectNode object) throws ApiError {
        admit(target.kind(), object);
        if (!target.namespace().isEmpty() && stored("/api/v1/namespaces/" + target.namespace()) == null) {
            throw ApiError.notFound("namespaces", target.namespace());
        }
        return super.dispatch(request(HttpMethod.POST, collection, object));
    }

    private MockResponse update(RecordedRequest request, Target target) throws ApiError {
        ObjectNode object = body(request);
        admit(target.kind(), object);
        return super.dispatch(request(HttpMethod.PUT, target.path(), object));
    }

    private MockResponse apply(RecordedRequest request, Target target) throws ApiError {
        Matcher manager = FIELD_MANAGER.matcher(request.getPath());
        if (!manager.find()) {
            throw ApiError.badRequest("fieldManager is required for apply patch");
        }
        var apply = new ServerSideApply(
                URLDecoder.decode(manager.group(1), StandardCharsets.UTF_8),
                target.isStatus() ? "status" : "",
                target.kind().listKeys(),
                clock.instant());
        ObjectNode intent = body(request);
        encodeStringData(intent);
        Map.@Nullable Entry<AttributeSet, String> stored = stored(target.path());
        if (stored == null) {
            if (target.isStatus()) {
                throw target.notFound();
            }
            if (intent.path("metadata").hasNonNull("uid")) {
                throw ApiError.conflict("uid mismatch: the object does not exist");
            }
            return create(target, target.collection(), apply.applied(identity(target), intent));
        }
        ObjectNode current = parse(stored.getValue());
        requireVersion(current, intent);
        // A default that the schema adds to the stored object is no change.
        target.kind().schema().fillIn(current);
        ObjectNode updated = apply.applied(current, intent);
        admit(target.kind(), updated);
        touchGeneration(current, updated);
        touchResourceVersion(current, updated);
        processEvent(target.path(), getKey(target.path()), stored.getKey(), null, updated.toString());
        return ok(updated);
    }

    /** A pod that runs on a node is only marked: its kubelet deletes it with grace period 0 when its processes have ended. */
    private MockResponse delete(RecordedRequest request, Target target) throws ApiError {
        if (target.name().isEmpty()) {
            return super.dispatch(request);
        }
        Map.@Nullable Entry<AttributeSet, String> stored = stored(target.path());
        if (stored == null) {
            throw target.notFound();
        }
        ObjectNode pod = parse(stored.getValue());
        long grace = pod.at("/spec/terminationGracePeriodSeconds").asLong(DEFAULT_GRACE_SECONDS);
        if (request.getBody() != null && request.getBody().size() > 0) {
            grace = body(request).path("gracePeriodSeconds").asLong(grace);
        }
        if (!target.kind().kind().equals("Pod") || !pod.path("spec").hasNonNull("nodeName") || grace == 0) {
            return super.dispatch(request);
        }
        ObjectNode metadata = pod.withObjectProperty("metadata");
        if (!metadata.has("deletionTimestamp")) {
            metadata.put(
                            "deletionTimestamp",
                            clock.instant()
                                    .plusSeconds(grace)
                                    .truncatedTo(ChronoUnit.SECONDS)
                                    .toString())
                    .put("deletionGracePeriodSeconds", grace)
                    .put("resourceVersion", String.valueOf(requestResourceVersion()));
            processEvent(target.path(), getKey(target.path()), stored.getKey(), null, pod.toString());
        }
        return ok(pod);
    }

    /** Every write comes by here: a CustomResourceDefinition changes which kinds are served. */
    @Override
    public void processEvent(
            String path,
            AttributeSet pathAttributes,
            @Nullable AttributeSet oldAttributes,
            @Nullable GenericKubernetesResource resource,
            @Nullable String newState) {
        super.processEvent(path, pathAttributes, oldAttributes, resource, newState);
        if (path.startsWith("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")) {
            if (newState == null) {
                kinds.forget(path.replaceFirst(".*/", ""));
            } else {
                kinds.define(parse(newState));
            }
        }
    }

    /** Fills in defaults and refuses an object that doesn't fit the schema of its kind. */
    private static void admit(ServedKind kind, ObjectNode object) throws ApiError {
        encodeStringData(object);
        kind.schema().fillIn(object);
        List<String> problems = kind.schema().problems(object);
        if (!problems.isEmpty()) {
            throw new ApiError(
                    422,
                    "Invalid",
                    "%s.%s \"%s\" is invalid: %s"
                            .formatted(
                                    kind.kind(),
                                    kind.group(),
                                    object.at("/metadata/name").asText(),
                                    String.join(", ", problems)));
        }
    }

    private static void encodeStringData(ObjectNode object) {
        if (object.remove("stringData") instanceof ObjectNode texts) {
            ObjectNode data = object.withObjectProperty("data");
            texts.properties()
                    .forEach(text -> data.put(
                            text.getKey(),
                            Base64.getEncoder()
                                    .encodeToString(text.getValue().asText().getBytes(StandardCharsets.UTF_8))));
        }
    }

    private static ObjectNode identity(Target target) {
        ObjectNode object = JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", target.kind().apiVersion())
                .put("kind", target.kind().kind());
        object.putObject("metadata").put("name", target.name());
        return object;
    }

    private static void requireVersion(ObjectNode current, ObjectNode intent) throws ApiError {
        JsonNode version = intent.at("/metadata/resourceVersion");
        if (version.isTextual() && !version.equals(current.at("/metadata/resourceVersion"))) {
            throw ApiError.conflict(
                    "the object has been modified; please apply your changes to the latest version and try again");
        }
    }

    private Map.@Nullable Entry<AttributeSet, String> stored(String path) {
        return findResource(getKey(path));
    }

    private static boolean isApply(RecordedRequest request) {
        return requireNonNullElse(request.getHeader("Content-Type"), "").startsWith("application/apply-patch");
    }

    private static RecordedRequest request(HttpMethod method, String path, ObjectNode body) {
        return new RecordedRequest(
                "HTTP/1.1",
                method,
                path,
                Headers.builder().build(),
                new Buffer(body.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static ObjectNode body(RecordedRequest request) throws ApiError {
        try {
            if (Serialization.unmarshal(request.getUtf8Body(), JsonNode.class) instanceof ObjectNode object) {
                return object;
            }
        } catch (KubernetesClientException | IllegalArgumentException e) {
            throw ApiError.badRequest("the body can't be read: " + e.getMessage());
        }
        throw ApiError.badRequest("the body is no object");
    }

    private static ObjectNode parse(String json) {
        return Serialization.unmarshal(json, JsonNode.class) instanceof ObjectNode object
                ? object
                : JsonNodeFactory.instance.objectNode();
    }

    private static MockResponse ok(JsonNode body) {
        return new MockResponse().setResponseCode(200).setBody(body.toString());
    }
}
