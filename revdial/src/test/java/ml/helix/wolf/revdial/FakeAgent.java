package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.revdial.ControlMessage.ConnReady;
import ml.helix.wolf.revdial.ControlMessage.KeepAlive;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;

/** An agent as the control plane sees it: a control connection, and the pickups that the test makes. */
final class FakeAgent {
    private static final Pattern CONN_PATH =
            Pattern.compile("/revdial\\?revdial\\.dialer=([0-9a-f]{32})&revdial\\.req=([0-9a-f]{32})");

    final FakeControl control = new FakeControl();
    final LocalDialer dialer;
    private final ConnectionManager manager;

    /** A conn-ready that this agent got. */
    record Ask(String connPath, String dialerId, String requestId) {}

    FakeAgent(ConnectionManager manager, String runnerId) {
        this(manager, runnerId, new RemoteAgent("", "192.0.2.1", 1));
    }

    FakeAgent(ConnectionManager manager, String runnerId, RemoteAgent peer) {
        this.manager = manager;
        this.dialer = manager.connected(runnerId, peer, control);
    }

    /** The next conn-ready. Skips keep-alives. */
    Ask nextAsk() throws Exception {
        ControlMessage message = control.next();
        while (message instanceof KeepAlive) {
            message = control.next();
        }
        String connPath = ((ConnReady) message).connPath();
        Matcher matcher = CONN_PATH.matcher(connPath);
        assertThat(matcher.matches()).as(connPath).isTrue();
        return new Ask(connPath, matcher.group(1), matcher.group(2));
    }

    /** Brings a data connection. Returns its agent side; {@link Pipe#isClosed} of the other one: {@link #refused}. */
    ByteStream pickUp(Ask ask) {
        Pipe data = new Pipe();
        manager.dials().deliver(ask.dialerId(), ask.requestId(), data.left);
        return data.right;
    }

    /** Opens a data connection. Returns whether the control plane closed it at once. */
    boolean isRefused(Ask ask) {
        Pipe data = new Pipe();
        boolean delivered = manager.dials().deliver(ask.dialerId(), ask.requestId(), data.left);
        assertThat(Pipe.isClosed(data.left)).isEqualTo(!delivered);
        return !delivered;
    }

    void pickupFailed(Ask ask, String err) {
        say(new String(ControlLines.encode(new PickupFailed(ask.connPath(), err))));
    }

    void say(String text) {
        dialer.receive(FakeControl.bytes(text));
    }
}
