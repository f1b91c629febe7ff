package ml.helix.wolf.operator.observed;

/** What keeps the operator from applying the WolfTunnel. What runs is left alone meanwhile. */
public sealed interface Obstacle {

    /** One sentence that says what is wrong and what to do. */
    String message();

    record RunnerTokenMissing(String message) implements Obstacle {}

    /** The Secret's key exists, but no agent can use its value. */
    record RunnerTokenInvalid(String message) implements Obstacle {}

    record CaBundleMissing(String message) implements Obstacle {}

    /** The ConfigMap's key exists, but no agent can use its value. */
    record CaBundleInvalid(String message) implements Obstacle {}

    /** The API server refused the DaemonSet or the ServiceAccount. */
    record ApplyRefused(String message) implements Obstacle {}

    /** The WolfTunnel is being deleted, and somebody's finalizer holds it. */
    record Terminating(String message) implements Obstacle {}

    /** A DaemonSet or ServiceAccount of the needed name belongs to somebody else. */
    record NameTaken(String message) implements Obstacle {}

    /** Somebody undoes each of the operator's changes to the DaemonSet or the ServiceAccount. */
    record Contested(String message) implements Obstacle {}
}
