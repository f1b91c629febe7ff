package ml.helix.wolf.kubectl.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.kubectl.failure.Failure;

/** Finds a pod behind a Service, as its endpoints would. */
final class ServicePods {
    private final Cluster cluster;

    ServicePods(Cluster cluster) {
        this.cluster = cluster;
    }

    /** A port of a pod. */
    record PodPort(String namespace, String pod, int port) {}

    /** A ready pod of the Service, and its port for this port of the Service. */
    PodPort find(ServiceAddress address, int servicePort) throws Failure {
        String where = address.namespace() + "/" + address.name();
        JsonNode service = cluster.read(
                "read the Service " + where,
                ResourcePath.of(ResourcePath.CORE, address.namespace(), "services", address.name()));
        JsonNode port = port(service, servicePort, where);
        List<String> labels = new ArrayList<>();
        service.path("spec")
                .path("selector")
                .properties()
                .forEach(label -> labels.add(
                        label.getKey() + "%3D" + PathSegment.of(label.getValue().asText())));
        if (labels.isEmpty()) {
            throw new Failure("the Service " + where + " has no selector, so no pod can be found behind it");
        }
        JsonNode pods = cluster.read(
                "list the pods of the Service " + where,
                ResourcePath.of(ResourcePath.CORE, address.namespace(), "pods") + "?labelSelector="
                        + String.join("%2C", labels));
        for (JsonNode pod : pods.path("items")) {
            if (isReady(pod)) {
                return new PodPort(
                        address.namespace(), pod.path("metadata").path("name").asText(), target(pod, port));
            }
        }
        throw new Failure("no pod of the Service " + where + " is ready: kubectl -n " + address.namespace()
                + " get pods -l "
                + String.join(",", labels).replace("%3D", "=").replace("%2F", "/"));
    }

    private static JsonNode port(JsonNode service, int number, String where) throws Failure {
        List<String> ports = new ArrayList<>();
        for (JsonNode port : service.path("spec").path("ports")) {
            if (port.path("port").asInt() == number) {
                return port;
            }
            ports.add(port.path("port").asText());
        }
        throw new Failure("the Service " + where + " has no port " + number + ", only " + String.join(", ", ports));
    }

    private static boolean isReady(JsonNode pod) {
        if (pod.path("metadata").has("deletionTimestamp")) {
            return false;
        }
        for (JsonNode condition : pod.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private static int target(JsonNode pod, JsonNode port) {
        JsonNode target = port.path("targetPort");
        if (target.isTextual()) {
            for (JsonNode container : pod.path("spec").path("containers")) {
                for (JsonNode named : container.path("ports")) {
                    if (named.path("name").asText().equals(target.asText())) {
                        return named.path("containerPort").asInt();
                    }
                }
            }
        }
        return target.asInt(port.path("port").asInt());
    }
}
