package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ProtocolException;
import java.util.Arrays;
import java.util.stream.Stream;
import ml.helix.wolf.revdial.DialerState;
import ml.helix.wolf.revdial.FailedPickup;
import ml.helix.wolf.revdial.Relayed;
import ml.helix.wolf.revdial.Stats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PeerCodecTest {

    static Stream<PeerMessage> messages() {
        return Stream.of(
                new PeerMessage.Link(),
                new PeerMessage.Linked(),
                new PeerMessage.Ask(7, "wolf-ü", "/revdial?revdial.dialer=a&revdial.req=b"),
                new PeerMessage.Asked(7, Relayed.NOT_HELD),
                new PeerMessage.Failed(new FailedPickup("wolf-1", "a", "b", "no Wolf\n")),
                new PeerMessage.AskStats(8),
                new PeerMessage.TellStats(8, new Stats(1, 2, 3, 4)),
                new PeerMessage.Streams("wolf-1", 5),
                new PeerMessage.Bring("a", "b"),
                new PeerMessage.Known("wolf-1"),
                new PeerMessage.Refused(DialerState.EXPIRED),
                new PeerMessage.Go());
    }

    @ParameterizedTest
    @MethodSource("messages")
    void aMessageArrivesAsItWasSentAndACutOneIsRefused(PeerMessage message) throws Exception {
        byte[] bytes = PeerCodec.encode(message);
        assertThat(PeerCodec.decode(bytes)).isEqualTo(message);
        assertThat(PeerCodec.decode(Arrays.copyOf(bytes, bytes.length + 3)))
                .as("a later version's fields")
                .isEqualTo(message);
        if (bytes.length > 1) {
            assertThatThrownBy(() -> PeerCodec.decode(Arrays.copyOf(bytes, bytes.length - 1)))
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void aKindOfALaterVersionIsIgnoredAndAWrongNameIsNot() throws Exception {
        assertThat(PeerCodec.decode(new byte[] {'?', 1, 2})).isNull();
        assertThatThrownBy(() -> PeerCodec.decode(new byte[] {'R', 0, 1, 'x'})).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> PeerCodec.decode(new byte[0])).isInstanceOf(ProtocolException.class);
    }
}
