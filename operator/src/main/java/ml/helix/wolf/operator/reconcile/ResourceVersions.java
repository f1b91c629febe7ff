package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;

/** Compares resource versions of one kind. Kubernetes 1.35 and newer promise that they are growing numbers. */
final class ResourceVersions {
    private ResourceVersions() {}

    /** Whether {@code one} is surely newer than {@code other}. False if a version is no number. */
    static boolean isNewer(HasMetadata one, HasMetadata other) {
        return number(one) > number(other);
    }

    private static long number(HasMetadata object) {
        var version = object.getMetadata().getResourceVersion();
        return version != null && version.matches("[0-9]{1,18}") ? Long.parseLong(version) : 0;
    }
}
