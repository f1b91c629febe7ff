package ml.helix.wolf.operator.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Set;

/**
 * A request that the API server has answered, from its audit log.
 *
 * @param agent the client's User-Agent
 * @param resource such as apps/daemonsets or wolf.helix.ml/wolftunnels/status; "/" for what is none
 * @param namespace "" in the whole cluster
 * @param decision the authorizer's: allow or forbid
 */
record Audited(
        String user,
        String agent,
        String verb,
        String resource,
        String namespace,
        String name,
        String decision,
        int code) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> WRITES = Set.of("create", "update", "patch", "delete", "deletecollection");

    static Audited parse(String line) {
        try {
            var event = JSON.readTree(line);
            var object = event.path("objectRef");
            var subresource = object.path("subresource").asText();
            return new Audited(
                    event.at("/user/username").asText(),
                    event.path("userAgent").asText(),
                    event.path("verb").asText(),
                    object.path("apiGroup").asText() + "/"
                            + object.path("resource").asText() + (subresource.isEmpty() ? "" : "/" + subresource),
                    object.path("namespace").asText(),
                    object.path("name").asText(),
                    event.at("/annotations/authorization.k8s.io~1decision").asText(),
                    event.at("/responseStatus/code").asInt());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isWrite() {
        return WRITES.contains(verb);
    }

    boolean isOfLease() {
        return resource.equals("coordination.k8s.io/leases");
    }

    /** Such as "patch apps/daemonsets". */
    String permission() {
        return verb + " " + resource;
    }
}
