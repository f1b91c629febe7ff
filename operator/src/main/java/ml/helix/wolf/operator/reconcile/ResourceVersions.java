package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;

/** Compares resource versions of one kind; Kubernetes promises since 1.35 that they are growing numbers. */
final class ResourceVersions {
    private ResourceVersions() {}

    /** Whether one is surely newer than the other. */
    static boolean newer(HasMetadata one, HasMetadata other) {
        return number(one) > number(other);
    }

    private static long number(HasMetadata object) {
        var version = object.getMetadata().getResourceVersion();
        return version != null && version.matches("[0-9]{1,18}") ? Long.parseLong(version) : 0;
    }
}
