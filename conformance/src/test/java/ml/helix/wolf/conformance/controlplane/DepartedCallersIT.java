package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Contract, section 1: the dial of a caller that has gone is withdrawn at once, and its request reaches no Wolf. */
class DepartedCallersIT extends ControlPlaneSpec {
    private static final String PENDING = "wolf_control_plane_pending_dials";

    /** What a caller has sent, and how it goes away. */
    enum Departure {
        OF_HTTP_1_1("GET /x HTTP/1.1", "", false),
        OF_HTTP_1_0("GET /x HTTP/1.0", "", false),
        BY_RESET("GET /x HTTP/1.1", "", true),
        AFTER_ITS_BODY("POST /x HTTP/1.1", "Content-Length: 5\r\n\r\nhello", false),
        IN_ITS_BODY("POST /x HTTP/1.1", "Content-Length: 1000\r\n\r\nhello", false),
        IN_ITS_BODY_BY_RESET("POST /x HTTP/1.1", "Content-Length: 1000\r\n\r\nhello", true),
        AFTER_ITS_CHUNKED_BODY("POST /x HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false),
        IN_ITS_CHUNKED_BODY("POST /x HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", false);

        private final String requestLine;
        private final String bodyHeaderAndBody;
        private final boolean reset;

        Departure(String requestLine, String bodyHeaderAndBody, boolean reset) {
            this.requestLine = requestLine;
            this.bodyHeaderAndBody = bodyHeaderAndBody;
            this.reset = reset;
        }

        void of(RawCaller caller) throws IOException {
            if (reset) {
                caller.reset();
            } else {
                caller.close();
            }
        }
    }

    private RawCaller send(Departure departure) throws IOException {
        if (departure.bodyHeaderAndBody.isEmpty()) {
            return rawCall(ID, departure.requestLine);
        }
        int body = departure.bodyHeaderAndBody.indexOf("\r\n\r\n");
        return rawCall(ID, departure.requestLine, departure.bodyHeaderAndBody.substring(0, body))
                .send(departure.bodyHeaderAndBody.substring(body + 4));
    }

    @ParameterizedTest
    @EnumSource
    void aDialThatWaitsForItsAgentToComeBackIsWithdrawn(Departure departure) throws Exception {
        start("-grace", "120", "-dial-timeout", "120");
        Connection control = connect(ID);
        control.send(Frame.close(1000, ""));
        control.end();
        List<RawCaller> callers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            callers.add(send(departure));
        }
        awaitMetric(PENDING, 100);
        for (RawCaller caller : callers) {
            departure.of(caller);
        }
        awaitMetric(PENDING, 0);
        assertServes(connect(ID), ID);
    }

    @ParameterizedTest
    @EnumSource
    void aPickupThatComesTooLateIsClosed(Departure departure) throws Exception {
        start("-dial-timeout", "120");
        Connection control = connect(ID);
        RawCaller caller = send(departure);
        String connPath = awaitConnReady(control);
        departure.of(caller);
        awaitWithdrawn(1);
        Connection late = pickUp(connPath);
        assertThat(late.readToEnd()).as("bytes for Wolf").isEmpty();
        assertServes(control, ID);
    }

    @ParameterizedTest
    @EnumSource(names = {"OF_HTTP_1_1", "OF_HTTP_1_0", "BY_RESET", "AFTER_ITS_BODY", "IN_ITS_BODY"})
    void aStreamWhoseCallerHasGoneIsClosed(Departure departure) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = send(departure);
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        departure.of(caller);
        data.end();
        awaitMetric("wolf_control_plane_streams_active", 0);
        assertServes(control, ID);
    }

    @Test
    void noDialIsLeftOfFiveHundredCallersThatHaveGone() throws Exception {
        start("-dial-timeout", "120");
        Connection control = connect(ID);
        for (int i = 0; i < 500; i++) {
            RawCaller caller = rawCall(ID, "GET /x HTTP/1.1");
            awaitConnReady(control);
            caller.close();
        }
        awaitWithdrawn(500);
        assertServes(control, ID);
    }

    @Test
    void theDialOfAForwardsCallerThatHasGoneIsWithdrawn() throws Exception {
        start("-dial-timeout", "120", "-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        for (int i = 0; i < 3; i++) {
            Socket caller = connectToForward();
            String connPath = awaitConnReady(control);
            caller.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII), 0, 6 * i);
            if (i == 2) {
                caller.setSoLinger(true, 0);
            }
            caller.close();
            awaitWithdrawn(i + 1);
            assertThat(pickUp(connPath).readToEnd()).as("bytes for Wolf").isEmpty();
        }
        assertServes(control, ID);
    }

    @Test
    void bytesThatAForwardsCallerSentBeforeThePickupReachWolf() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        Socket caller = connectToForward();
        String connPath = awaitConnReady(control);
        caller.getOutputStream().write("hello".getBytes(US_ASCII));
        Connection data = pickUp(connPath);
        assertThat(new String(data.read(5), US_ASCII)).isEqualTo("hello");
        data.binary("world");
        assertThat(new String(caller.getInputStream().readNBytes(5), US_ASCII)).isEqualTo("world");
        caller.getOutputStream().write("again".getBytes(US_ASCII));
        caller.shutdownOutput();
        assertThat(new String(data.readToEnd(), US_ASCII)).isEqualTo("again");
    }
}
