package ml.helix.wolf.controlplane.replica;

import ml.helix.wolf.revdial.DialerState;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.Relayed;
import ml.helix.wolf.revdial.Stats;

/** What replicas say to one another. {@link PeerCodec} has the bytes. */
sealed interface PeerMessage {

    /** The first message of a connection for asks; it stays open. */
    record Link() implements PeerMessage {}

    /** The other end's answer: it reads asks. */
    record Linked() implements PeerMessage {}

    /** Send a conn-ready to a runner that you hold. */
    record Ask(long number, String runnerId, String connPath) implements PeerMessage {}

    /** What became of the ask of that number. */
    record Asked(long number, Relayed result) implements PeerMessage {}

    /** An agent that you asked for a pickup says that it failed. */
    record Failed(FailedPickup pickup) implements PeerMessage {}

    /** How many dials wait at your side? */
    record AskStats(long number) implements PeerMessage {}

    record TellStats(long number, Stats stats) implements PeerMessage {}

    /** From now on the sender has that many streams to the runner. */
    record Streams(String runnerId, int count) implements PeerMessage {}

    /** A pickup for a dial of yours has come here. The first message of a connection for a stream, and of each further one. */
    record Bring(String dialerId, String requestId) implements PeerMessage {}

    /** The dialer of a join is up; its runner has this id. */
    record Known(String runnerId) implements PeerMessage {}

    /** The dialer of a join is not up. */
    record Refused(DialerState state) implements PeerMessage {}

    /** The data connection of a join is up: bytes follow. */
    record Go() implements PeerMessage {}
}
