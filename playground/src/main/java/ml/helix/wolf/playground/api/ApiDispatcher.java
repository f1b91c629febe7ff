package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Dispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What an API server does with a request, on top of the mock server's CRUD. Patches, server-side apply, PUT, defaults,
 * validation, deletion, discovery and tables are done here; storing, lists and watches by the CRUD dispatcher beneath.
 *
 * <p>Thread-safe: one request at a time.
 */
final class ApiDispatcher extends Dispatcher {
    private static final String JSON = "application/json";

    private final Store store = new Store();
    private final Catalog catalog = new Catalog();
    private final InstantSource clock;
    private final Collector collector;

    ApiDispatcher(InstantSource clock) {
        this.clock = clock;
        this.collector = new Collector(store, catalog, clock);
    }

    @Override
    public synchronized MockResponse dispatch(RecordedRequest request) {
        try {
            return respond(request);
        } catch (Refusal refusal) {
            return answer(refusal.code(), refusal.status());
        }
    }

    private MockResponse respond(RecordedRequest request) throws Refusal {
        Optional<JsonNode> discovery = catalog.discovery(request.getPath().split("\\?", 2)[0]);
        if (discovery.isPresent()) {
            return answer(200, discovery.get());
        }
        ApiPath path = ApiPath.parse(request.getPath()).orElseThrow(Refusal::unknownResource);
        ApiResource resource = catalog.find(path).orElseThrow(Refusal::unknownResource);
        if (!path.subresource().isEmpty()
                && !(resource.status() && path.subresource().equals("status"))) {
            throw Refusal.unknownResource();
        }
        return switch (request.method()) {
            case GET -> get(path, resource, request);
            case POST -> create(path, resource, body(request));
            case PUT -> update(path, resource, body(request));
            case PATCH -> patch(path, resource, request);
            case DELETE -> delete(path, resource, request);
            default -> throw new Refusal(405, "MethodNotAllowed", request.getMethod() + " is not supported");
        };
    }

    private MockResponse get(ApiPath path, ApiResource resource, RecordedRequest request) throws Refusal {
        if (path.watch()) {
            return store.forward(request);
        }
        if (!path.name().isEmpty() && store.read(path).isEmpty()) {
            throw Refusal.notFound(path);
        }
        MockResponse found = store.forward(request);
        ObjectNode objects = Store.parse(Objects.requireNonNull(found.getBody()).readUtf8());
        return answer(
                200,
                Tables.wanted(header(request, "Accept")) ? Tables.of(resource, objects, clock.instant()) : objects);
    }

    private MockResponse create(ApiPath path, ApiResource resource, ObjectNode object) throws Refusal {
        Admission.admit(path, resource, object);
        requireNamespace(path);
        if (resource.status()) {
            object.remove("status");
        }
        if (resource.kind().equals("CustomResourceDefinition")) {
            catalog.define(object);
            ObjectNode status = object.putObject("status");
            for (String type : List.of("NamesAccepted", "Established")) {
                status.withArrayProperty("conditions")
                        .addObject()
                        .put("type", type)
                        .put("status", "True");
            }
        }
        return json(store.forward(HttpMethod.POST, path.collection(), JSON, object));
    }

    private void requireNamespace(ApiPath path) throws Refusal {
        ApiPath namespace = new ApiPath("", "v1", "", "namespaces", path.namespace(), "", path.query());
        if (!path.namespace().isEmpty() && store.read(namespace).isEmpty()) {
            throw Refusal.notFound(namespace);
        }
    }

    private MockResponse update(ApiPath path, ApiResource resource, ObjectNode object) throws Refusal {
        ObjectNode current = existing(path);
        Admission.admit(path, resource, object);
        requireVersion(path, current, object);
        ObjectNode updated = current.deepCopy();
        if (path.subresource().equals("status")) {
            put(updated, "status", object.path("status"));
        } else {
            updated = object;
            if (resource.status()) {
                put(updated, "status", current.path("status"));
            }
            keepServerFields(current, updated);
        }
        return stored(path, current, updated);
    }

    private MockResponse patch(ApiPath path, ApiResource resource, RecordedRequest request) throws Refusal {
        String type = header(request, "Content-Type").split(";")[0].strip();
        return switch (type) {
            case "application/apply-patch+yaml", "application/apply-patch+cbor" -> apply(path, resource, body(request));
            case "application/merge-patch+json" ->
                update(path, resource, Patches.merged(existing(path), body(request)));
            case "application/json-patch+json" ->
                update(path, resource, Patches.patched(existing(path), request.getUtf8Body()));
            default ->
                throw new Refusal(
                        415,
                        "UnsupportedMediaType",
                        "this API server takes apply, merge and JSON patches, not " + type
                                + "; kubectl apply needs --server-side");
        };
    }

    private MockResponse apply(ApiPath path, ApiResource resource, ObjectNode intent) throws Refusal {
        String manager = path.query().getOrDefault("fieldManager", "");
        if (manager.isEmpty()) {
            throw Refusal.badRequest("fieldManager is required for apply patch");
        }
        var apply = new ServerSideApply(manager, path.subresource(), resource.listKeys(), clock.instant());
        if (intent.path("stringData") instanceof ObjectNode) {
            Admission.admit(path, resource, intent);
        }
        Optional<ObjectNode> current = store.read(path);
        if (current.isEmpty()) {
            if (!path.subresource().isEmpty()) {
                throw Refusal.notFound(path);
            }
            if (intent.at("/metadata").hasNonNull("uid")) {
                throw Refusal.conflict(path, "uid mismatch: the object does not exist");
            }
            return create(path, resource, apply.applied(identity(path, resource), intent));
        }
        requireVersion(path, current.get(), intent);
        // a schema's default, of the status for example, is no change
        resource.schema().fillIn(current.get());
        ObjectNode updated = apply.applied(current.get(), intent);
        Admission.admit(path, resource, updated);
        return stored(path, current.get(), updated);
    }

    private static ObjectNode identity(ApiPath path, ApiResource resource) {
        ObjectNode object = JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", resource.apiVersion())
                .put("kind", resource.kind());
        object.putObject("metadata").put("name", path.name());
        return object;
    }

    private MockResponse stored(ApiPath path, ObjectNode current, ObjectNode updated) {
        JsonNode metadata = updated.path("metadata");
        if (metadata.hasNonNull("deletionTimestamp")
                && metadata.path("finalizers").isEmpty()
                && !current.at("/metadata/finalizers").isEmpty()) {
            ObjectNode released = store.replace(path, current, updated);
            collector.delete(path, released, Optional.of(0L), true);
            return answer(200, released);
        }
        boolean changed = !updated.equals(current);
        ObjectNode now = changed ? store.replace(path, current, updated) : current;
        if (changed && path.plural().equals("customresourcedefinitions")) {
            catalog.define(now);
        }
        return answer(200, now);
    }

    private MockResponse delete(ApiPath path, ApiResource resource, RecordedRequest request) throws Refusal {
        ObjectNode options = request.getBody() == null || request.getBody().size() == 0
                ? JsonNodeFactory.instance.objectNode()
                : body(request);
        Optional<Long> grace = path.query().containsKey("gracePeriodSeconds")
                ? Optional.of(Long.valueOf(path.query().get("gracePeriodSeconds")))
                : Optional.of(options.path("gracePeriodSeconds"))
                        .filter(JsonNode::isNumber)
                        .map(JsonNode::asLong);
        boolean cascade = !options.path("propagationPolicy").asText().equals("Orphan");
        if (path.name().isEmpty()) {
            ObjectNode list = Store.parse(Objects.requireNonNull(store.forward(new RecordedRequest(
                                    "HTTP/1.1",
                                    HttpMethod.GET,
                                    request.getPath(),
                                    request.getHeaders(),
                                    request.getBody()))
                            .getBody())
                    .readUtf8());
            for (JsonNode item : list.path("items")) {
                ApiPath its = path.named(item.at("/metadata/name").asText());
                collector.delete(its, (ObjectNode) item, grace, cascade);
            }
            return answer(200, list);
        }
        ObjectNode object = existing(path);
        String uid = options.at("/preconditions/uid").asText();
        if (!uid.isEmpty() && !uid.equals(object.at("/metadata/uid").asText())) {
            throw Refusal.conflict(path, "the UID in the precondition does not match the UID in record");
        }
        collector.delete(path, object, grace, cascade);
        return answer(200, store.read(path).orElse(object));
    }

    private ObjectNode existing(ApiPath path) throws Refusal {
        return store.read(path).orElseThrow(() -> Refusal.notFound(path));
    }

    private static void requireVersion(ApiPath path, ObjectNode current, ObjectNode given) throws Refusal {
        String version = given.at("/metadata/resourceVersion").asText();
        if (!version.isEmpty()
                && !version.equals(current.at("/metadata/resourceVersion").asText())) {
            throw Refusal.conflict(
                    path,
                    "the object has been modified; please apply your changes to the latest version and try again");
        }
    }

    private static void keepServerFields(ObjectNode current, ObjectNode updated) {
        ObjectNode metadata = updated.withObjectProperty("metadata");
        for (String field : List.of("uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")) {
            put(metadata, field, current.path("metadata").path(field));
        }
        if (!metadata.has("managedFields")) {
            put(metadata, "managedFields", current.at("/metadata/managedFields"));
        }
    }

    private static void put(ObjectNode object, String field, JsonNode value) {
        if (value.isMissingNode()) {
            object.remove(field);
        } else {
            object.set(field, value.deepCopy());
        }
    }

    private static ObjectNode body(RecordedRequest request) throws Refusal {
        try {
            if (Serialization.unmarshal(request.getUtf8Body(), JsonNode.class) instanceof ObjectNode object) {
                return object;
            }
        } catch (KubernetesClientException | IllegalArgumentException e) {
            throw Refusal.badRequest("the body can't be read: " + e.getMessage());
        }
        throw Refusal.badRequest("the body is no object");
    }

    private static String header(RecordedRequest request, String name) {
        return Objects.requireNonNullElse(request.getHeader(name), "");
    }

    private static MockResponse answer(int code, JsonNode body) {
        return json(new MockResponse().setResponseCode(code).setBody(Serialization.asJson(body)));
    }

    private static MockResponse json(MockResponse response) {
        return response.setHeader("Content-Type", JSON);
    }
}
