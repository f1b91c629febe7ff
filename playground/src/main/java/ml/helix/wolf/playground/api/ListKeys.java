package ml.helix.wolf.playground.api;

import java.util.List;

/** Says which lists server-side apply merges item by item. It replaces all others as a whole. */
@FunctionalInterface
interface ListKeys {

    /**
     * The fields that identify an item; empty for a list that is replaced.
     *
     * @param path the names of the fields from the object's root to the list, without the keys of outer lists' items
     */
    List<String> of(List<String> path);

    /** The lists of Kubernetes' own types, by the field's name alone; this is enough for workloads and their pods. */
    static ListKeys builtIn() {
        return path -> switch (path.getLast()) {
            case "ownerReferences" -> List.of("uid");
            case "conditions" -> List.of("type");
            case "containers", "initContainers", "volumes", "env", "imagePullSecrets" -> List.of("name");
            case "volumeMounts" -> List.of("mountPath");
            case "ports" -> List.of("containerPort", "protocol");
            default -> List.of();
        };
    }
}
