package ml.helix.wolf.controlplane.replica;

/**
 * A replica as the database knows it.
 *
 * @param id 8 hex digits
 * @param address where the others reach it, host:port
 * @param fingerprint of its certificate
 * @param expired whether its lease ran out, by the clock of the database
 */
record ReplicaRow(String id, String address, String fingerprint, boolean expired) {}
