package ml.helix.wolf.playground.api;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The parts of a request's target. Absent parts are "".
 *
 * @param query the query's parameters, decoded
 */
record ApiPath(
        String group,
        String version,
        String namespace,
        String plural,
        String name,
        String subresource,
        Map<String, String> query) {

    /** Parses {@code /api/v1/…} and {@code /apis/{group}/{version}/…}; empty where it names no resource. */
    static Optional<ApiPath> parse(String target) {
        String[] halves = target.split("\\?", 2);
        List<String> parts = List.of(halves[0].substring(1).split("/"));
        boolean core = parts.getFirst().equals("api");
        int rest = core ? 2 : 3;
        if (parts.size() <= rest || (!core && !parts.getFirst().equals("apis"))) {
            return Optional.empty();
        }
        String group = core ? "" : parts.get(1);
        String version = parts.get(rest - 1);
        String namespace = "";
        if (parts.get(rest).equals("namespaces") && parts.size() > rest + 2) {
            namespace = parts.get(rest + 1);
            rest += 2;
        }
        return Optional.of(new ApiPath(
                group,
                version,
                namespace,
                parts.get(rest),
                at(parts, rest + 1),
                at(parts, rest + 2),
                query(halves.length > 1 ? halves[1] : "")));
    }

    /** Where the named object itself is served. */
    String target() {
        return collection() + "/" + name;
    }

    String collection() {
        return (group.isEmpty() ? "/api/" : "/apis/" + group + "/")
                + version
                + (namespace.isEmpty() ? "" : "/namespaces/" + namespace)
                + "/"
                + plural;
    }

    ApiPath named(String other) {
        return new ApiPath(group, version, namespace, plural, other, "", Map.of());
    }

    boolean watch() {
        return query.getOrDefault("watch", "").matches("true|1");
    }

    private static String at(List<String> parts, int index) {
        return index < parts.size() ? URLDecoder.decode(parts.get(index), StandardCharsets.UTF_8) : "";
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new HashMap<>();
        for (String pair : text.split("&")) {
            String[] parts = pair.split("=", 2);
            query.put(
                    URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
                    parts.length == 1 ? "" : URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
        return query;
    }
}
