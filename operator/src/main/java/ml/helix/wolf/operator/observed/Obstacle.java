package ml.helix.wolf.operator.observed;

/** Why the operator changes nothing although the resource asks for it; what runs is left alone meanwhile. */
public sealed interface Obstacle {

    /** One sentence that says what is wrong and what to do. */
    String message();

    record RunnerTokenMissing(String message) implements Obstacle {}

    /** The Secret's key is there, and no agent could use what it holds. */
    record RunnerTokenInvalid(String message) implements Obstacle {}

    record CaBundleMissing(String message) implements Obstacle {}

    /** The ConfigMap's key is there, and no agent could use what it holds. */
    record CaBundleInvalid(String message) implements Obstacle {}

    /** The API server would not have the DaemonSet or the ServiceAccount. */
    record ApplyRefused(String message) implements Obstacle {}

    /** The tunnel is being deleted, and somebody's finalizer holds it. */
    record Terminating(String message) implements Obstacle {}

    /** A DaemonSet or ServiceAccount of the name that the tunnel needs is somebody else's. */
    record NameTaken(String message) implements Obstacle {}

    /** Somebody undoes each change that the operator makes to the DaemonSet or the ServiceAccount. */
    record Contested(String message) implements Obstacle {}
}
