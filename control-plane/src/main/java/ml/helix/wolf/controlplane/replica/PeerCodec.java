package ml.helix.wolf.controlplane.replica;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import ml.helix.wolf.controlplane.replica.PeerMessage.Ask;
import ml.helix.wolf.controlplane.replica.PeerMessage.AskStats;
import ml.helix.wolf.controlplane.replica.PeerMessage.Asked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Bring;
import ml.helix.wolf.controlplane.replica.PeerMessage.Failed;
import ml.helix.wolf.controlplane.replica.PeerMessage.Go;
import ml.helix.wolf.controlplane.replica.PeerMessage.Known;
import ml.helix.wolf.controlplane.replica.PeerMessage.Link;
import ml.helix.wolf.controlplane.replica.PeerMessage.Linked;
import ml.helix.wolf.controlplane.replica.PeerMessage.Refused;
import ml.helix.wolf.controlplane.replica.PeerMessage.Streams;
import ml.helix.wolf.controlplane.replica.PeerMessage.TellStats;
import ml.helix.wolf.revdial.DialerState;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.Relayed;
import ml.helix.wolf.revdial.Stats;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a {@link PeerMessage}: a byte for its kind, then its fields as {@link DataOutputStream} writes them. A later
 * version may add kinds, which this one ignores, and fields at the end.
 */
final class PeerCodec {
    private PeerCodec() {}

    static byte[] encode(PeerMessage message) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            switch (message) {
                case Link() -> out.writeByte('L');
                case Linked() -> out.writeByte('l');
                case Ask(long number, String runnerId, String connPath) -> {
                    out.writeByte('A');
                    out.writeLong(number);
                    out.writeUTF(runnerId);
                    out.writeUTF(connPath);
                }
                case Asked(long number, Relayed result) -> {
                    out.writeByte('a');
                    out.writeLong(number);
                    out.writeUTF(result.name());
                }
                case Failed(FailedPickup pickup) -> {
                    out.writeByte('F');
                    out.writeUTF(pickup.runnerId());
                    out.writeUTF(pickup.dialerId());
                    out.writeUTF(pickup.requestId());
                    out.writeUTF(pickup.reason());
                }
                case AskStats(long number) -> {
                    out.writeByte('T');
                    out.writeLong(number);
                }
                case TellStats(long number, Stats stats) -> {
                    out.writeByte('t');
                    out.writeLong(number);
                    out.writeInt(stats.activeConnections());
                    out.writeInt(stats.gracePeriodEntries());
                    out.writeInt(stats.pendingDialsTotal());
                    out.writeInt(stats.pendingDialsPerKey());
                }
                case Streams(String runnerId, int count) -> {
                    out.writeByte('S');
                    out.writeUTF(runnerId);
                    out.writeInt(count);
                }
                case Bring(String dialerId, String requestId) -> {
                    out.writeByte('J');
                    out.writeUTF(dialerId);
                    out.writeUTF(requestId);
                }
                case Known(String runnerId) -> {
                    out.writeByte('K');
                    out.writeUTF(runnerId);
                }
                case Refused(DialerState state) -> {
                    out.writeByte('R');
                    out.writeUTF(state.name());
                }
                case Go() -> out.writeByte('G');
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("a field is longer than 64 KiB", e);
        }
        return bytes.toByteArray();
    }

    /**
     * @return null for a kind that this version doesn't know
     * @throws ProtocolException if the bytes are no message
     */
    static @Nullable PeerMessage decode(byte[] bytes) throws ProtocolException {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            return switch (in.readByte()) {
                case 'L' -> new Link();
                case 'l' -> new Linked();
                case 'A' -> new Ask(in.readLong(), in.readUTF(), in.readUTF());
                case 'a' -> new Asked(in.readLong(), Relayed.valueOf(in.readUTF()));
                case 'F' -> new Failed(new FailedPickup(in.readUTF(), in.readUTF(), in.readUTF(), in.readUTF()));
                case 'T' -> new AskStats(in.readLong());
                case 't' ->
                    new TellStats(in.readLong(), new Stats(in.readInt(), in.readInt(), in.readInt(), in.readInt()));
                case 'S' -> new Streams(in.readUTF(), in.readInt());
                case 'J' -> new Bring(in.readUTF(), in.readUTF());
                case 'K' -> new Known(in.readUTF());
                case 'R' -> new Refused(DialerState.valueOf(in.readUTF()));
                case 'G' -> new Go();
                default -> null;
            };
        } catch (IOException | IllegalArgumentException e) {
            var failure = new ProtocolException("a replica sent what is no message");
            failure.initCause(e);
            throw failure;
        }
    }
}
