package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a peer without a token can do to a control plane: nothing. */
class UnauthorisedIT extends ControlPlaneSpec {
    private static final String UNFINISHED = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Filler: ";

    @BeforeEach
    void begin() throws Exception {
        start();
    }

    @Test
    void aHeadOfManyTinyFieldsIs431() throws Exception {
        Socket caller = caller();
        send(caller, "GET /livez HTTP/1.1\r\nHost: localhost\r\n" + "a:b\r\n".repeat(200));
        assertThat(statusLine(caller)).startsWith("HTTP/1.1 431");
    }

    @Test
    void aHeadOfManyBytesIs431() throws Exception {
        Socket caller = caller();
        send(caller, UNFINISHED + "x".repeat(17_000));
        assertThat(statusLine(caller)).startsWith("HTTP/1.1 431");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GE", "GET /livez HTTP/1.1\r\n", UNFINISHED})
    void aHeadThatComesByteByByteIs408Soon(String start) throws Exception {
        Socket caller = caller();
        send(caller, start);
        assertThat(dripUntilAnswered(caller)).startsWith("HTTP/1.1 408");
        assertThat(caller.getInputStream().readAllBytes()).isNotNull();
    }

    @Test
    void aConnectionThatSaysNothingIsClosed() throws Exception {
        assertThat(caller().getInputStream().read()).isNegative();
    }

    /** A NAT has one address. */
    @Test
    void aValidTokenGetsInFromAnAddressThatHoldsAllTheConnectionsItMay() throws Exception {
        List<Socket> held = new ArrayList<>();
        long most = Runtime.getRuntime().maxMemory() / 4 / (64 * 1024);
        Socket elsewhere = callerFrom("127.0.0.2");
        for (int i = 0; i < most / 2 + 200; i++) {
            Socket caller = caller();
            send(caller, UNFINISHED);
            held.add(caller);
        }
        serves(connected(ID), ID);
        assertThat(held.getFirst().getInputStream().readAllBytes())
                .asString(US_ASCII)
                .startsWith("HTTP/1.1 503");
        send(elsewhere, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(statusLine(elsewhere)).startsWith("HTTP/1.1 200");
    }

    @Test
    void anAnswerToNobodyInParticularClosesTheConnection() throws Exception {
        for (String target : new String[] {"/livez", "/metrics", "/api/v1/nothing"}) {
            Socket caller = caller();
            send(caller, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(new String(caller.getInputStream().readAllBytes(), US_ASCII))
                    .contains("Connection: close");
        }
    }

    @Test
    void aConnectionThatHasShownATokenServesOn() throws Exception {
        Socket caller = caller();
        for (int i = 0; i < 3; i++) {
            send(caller, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nX-Admin-Token: " + ADMIN_TOKEN + "\r\n\r\n");
            assertThat(statusLine(caller)).startsWith("HTTP/1.1 200");
        }
    }

    /** One more byte for each three seconds without an answer. */
    private static String dripUntilAnswered(Socket caller) throws IOException {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        caller.setSoTimeout(3000);
        while (System.nanoTime() < deadline) {
            try {
                return statusLine(caller);
            } catch (SocketTimeoutException e) {
                send(caller, "x");
            }
        }
        throw new AssertionError("no answer");
    }

    private static void send(Socket caller, String text) throws IOException {
        caller.getOutputStream().write(text.getBytes(US_ASCII));
    }
}
