package ml.helix.wolf.controlplane.registry;

/** What an admin does to a record. The store has it before the admin gets an answer. */
sealed interface AdminChange {
    String id();

    /** Changes some of it, or creates it. */
    record Merge(InstanceRecord change) implements AdminChange {
        @Override
        public String id() {
            return change.id();
        }
    }

    /** Replaces all facts, or creates it. */
    record Replace(InstanceRecord replacement) implements AdminChange {
        @Override
        public String id() {
            return replacement.id();
        }
    }

    /** Deletes it. */
    record Forget(String id) implements AdminChange {}
}
