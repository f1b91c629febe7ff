package ml.helix.wolf.operator.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Set;

/**
 * An answered request in the API server's audit log.
 *
 * @param agent the client's User-Agent
 * @param resource for example apps/daemonsets or wolf.helix.ml/wolftunnels/status; "/" if the request names none
 * @param namespace "" for the whole cluster
 * @param decision the authorizer's: allow or forbid
 */
record AuditedRequest(
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

    static AuditedRequest parse(String line) {
        try {
            var event = JSON.readTree(line);
            var object = event.path("objectRef");
            var subresource = object.path("subresource").asText();
            return new AuditedRequest(
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

    boolean writesEvent() {
        return permission().equals("create events.k8s.io/events");
    }

    /** For example "patch apps/daemonsets". */
    String permission() {
        return verb + " " + resource;
    }
}
