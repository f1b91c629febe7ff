package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.Headers;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The objects, kept and watched by the mock server's own CRUD dispatcher. Not thread-safe: {@link ApiDispatcher} lets
 * one request at a time in.
 */
final class Store {
    private final KubernetesCrudDispatcher crud = new KubernetesCrudDispatcher();

    /** Hands a request on as it is. */
    MockResponse forward(RecordedRequest request) {
        return crud.dispatch(request);
    }

    /** Hands a request on with another body. */
    MockResponse forward(HttpMethod method, String target, String contentType, ObjectNode body) {
        byte[] bytes = Serialization.asJson(body).getBytes(StandardCharsets.UTF_8);
        Headers headers = Headers.builder().add("Content-Type", contentType).build();
        return crud.dispatch(new RecordedRequest("HTTP/1.1", method, target, headers, new Buffer(bytes)));
    }

    Optional<ObjectNode> read(ApiPath path) {
        Map.Entry<AttributeSet, String> entry = crud.findResource(crud.getKey(path.target()));
        return Optional.ofNullable(entry).map(Map.Entry::getValue).map(Store::parse);
    }

    /** Every object there is, in the order of creation. */
    List<ObjectNode> all() {
        synchronized (crud.getMap()) {
            return new ArrayList<>(crud.getMap().values())
                    .stream().map(Store::parse).toList();
        }
    }

    /** Replaces an object that exists: a new resourceVersion, a new generation if its intent changed; tells watchers. */
    ObjectNode replace(ApiPath path, ObjectNode current, ObjectNode updated) {
        ObjectNode metadata = updated.withObjectProperty("metadata");
        if (!intent(current).equals(intent(updated))) {
            metadata.put("generation", current.at("/metadata/generation").asLong() + 1);
        }
        metadata.put("resourceVersion", String.valueOf(crud.requestResourceVersion()));
        AttributeSet key = crud.getKey(path.target());
        crud.processEvent(path.target(), key, crud.findResource(key).getKey(), null, Serialization.asJson(updated));
        return updated;
    }

    /** Removes an object, or marks it for deletion if finalizers hold it. */
    void remove(ApiPath path) {
        crud.handleDelete(path.target());
    }

    private static ObjectNode intent(ObjectNode object) {
        ObjectNode intent = object.deepCopy();
        intent.remove(List.of("metadata", "status"));
        return intent;
    }

    static ObjectNode parse(String text) {
        JsonNode node = Serialization.unmarshal(text, JsonNode.class);
        return node instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
    }
}
