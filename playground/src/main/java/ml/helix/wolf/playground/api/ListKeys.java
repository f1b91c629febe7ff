package ml.helix.wolf.playground.api;

import java.util.List;

/** Which lists are merged item by item, and by which of the items' fields. All others are replaced as a whole. */
@FunctionalInterface
interface ListKeys {

    /**
     * The fields that identify an item; empty for a list that is replaced.
     *
     * @param path the names of the fields from the object's root to the list; items of outer lists have no part in it
     */
    List<String> of(List<String> path);

    /** The lists of Kubernetes' own types, told apart by their field's name: enough for workloads and their pods. */
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
