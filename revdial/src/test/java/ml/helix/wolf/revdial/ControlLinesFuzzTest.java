package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.revdial.ControlMessage.ConnReady;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;

/** Whatever a peer sends: a list of messages, or a refusal; the same however it is cut; and each can be answered. */
class ControlLinesFuzzTest {

    @FuzzTest
    void anyBytesAreReadOrRefusedTheSameWayHoweverTheyAreCut(byte[] bytes) throws Exception {
        int limit = bytes.length > 0 && bytes[0] == ' ' ? 64 : ControlLines.AGENT_LIMIT;
        Reading whole = Reading.of(bytes, bytes.length, limit);
        assertThat(Reading.of(bytes, 1, limit)).isEqualTo(whole);
        assertThat(Reading.of(bytes, 7, limit)).isEqualTo(whole);
        for (ControlMessage message : whole.messages()) {
            switch (message) {
                case ConnReady(String connPath) -> canBeRefused(connPath);
                case PickupFailed(String connPath, String err)
                when ControlLines.canBeEchoed(connPath) -> isReadBack(connPath, err);
                default -> {}
            }
        }
    }

    private static void canBeRefused(String connPath) throws ProtocolException {
        if (ControlLines.canBeEchoed(connPath)) {
            isReadBack(connPath, "why " + connPath);
        }
        try {
            String target = ConnPath.parse(connPath).target();
            assertThat(target).matches("/(?!/)[!-~&&[^\\\\#]]*");
        } catch (PickupException e) {
            assertThat(e).hasMessageStartingWith("connPath refused: ");
        }
    }

    private static void isReadBack(String connPath, String err) throws ProtocolException {
        byte[] line = ControlLines.encode(new PickupFailed(connPath, err));
        assertThat(line.length).isLessThanOrEqualTo(ControlLines.PEER_LIMIT);
        ControlMessage read = new ControlLines.Decoder(ControlLines.PEER_LIMIT).next(ByteBuffer.wrap(line));
        assertThat(read).isInstanceOfSatisfying(PickupFailed.class, failed -> {
            assertThat(failed.connPath()).isEqualTo(connPath);
            assertThat(err).startsWith(failed.err());
        });
    }

    private record Reading(List<ControlMessage> messages, String refusal) {

        static Reading of(byte[] bytes, int piece, int limit) {
            ControlLines.Decoder decoder = new ControlLines.Decoder(limit);
            List<ControlMessage> messages = new ArrayList<>();
            try {
                for (int at = 0; at < bytes.length; at += piece) {
                    ByteBuffer buffer = ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at));
                    for (var message = decoder.next(buffer); message != null; message = decoder.next(buffer)) {
                        messages.add(message);
                    }
                }
                return new Reading(messages, "");
            } catch (ProtocolException e) {
                return new Reading(messages, e.getMessage());
            }
        }
    }
}
