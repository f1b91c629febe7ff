package ml.helix.wolf.controlplane.routing;

/**
 * A session is at an instance.
 *
 * @param moves how often it has moved: of two bindings of a session, the one with more moves holds
 */
record Binding(String instance, int moves) {
    static Binding first(String instance) {
        return new Binding(instance, 0);
    }

    Binding movedTo(String other) {
        return new Binding(other, moves + 1);
    }
}
