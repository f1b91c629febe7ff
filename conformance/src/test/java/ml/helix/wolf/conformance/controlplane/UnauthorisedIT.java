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

/** A peer without a token can't exhaust a control plane. */
class UnauthorisedIT extends ControlPlaneSpec {
    private static final String UNFINISHED = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Filler: ";

    @BeforeEach
    void startControlPlane() throws Exception {
        start();
    }

    @Test
    void aHeadOfManyTinyFieldsIs431() throws Exception {
        Socket caller = connectCaller();
        send(caller, "GET /livez HTTP/1.1\r\nHost: localhost\r\n" + "a:b\r\n".repeat(200));
        assertThat(statusLine(caller)).startsWith("HTTP/1.1 431");
    }

    @Test
    void aHeadOfManyBytesIs431() throws Exception {
        Socket caller = connectCaller();
        send(caller, UNFINISHED + "x".repeat(17_000));
        assertThat(statusLine(caller)).startsWith("HTTP/1.1 431");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GE", "GET /livez HTTP/1.1\r\n", UNFINISHED})
    void aHeadThatArrivesByteByByteIs408(String start) throws Exception {
        Socket caller = connectCaller();
        send(caller, start);
        assertThat(dripUntilResponse(caller)).startsWith("HTTP/1.1 408");
        assertThat(caller.getInputStream().readAllBytes()).isNotNull();
    }

    @Test
    void aConnectionThatSendsNothingIsClosed() throws Exception {
        assertThat(connectCaller().getInputStream().read()).isNegative();
    }

    /** All agents behind one NAT have the same address. */
    @Test
    void aValidTokenIsAcceptedFromAnAddressThatHoldsAllItsConnections() throws Exception {
        List<Socket> held = new ArrayList<>();
        long most = Runtime.getRuntime().maxMemory() / 4 / (64 * 1024);
        Socket elsewhere = connectCallerFrom("127.0.0.2");
        for (int i = 0; i < most / 2 + 200; i++) {
            Socket caller = connectCaller();
            send(caller, UNFINISHED);
            held.add(caller);
        }
        assertServes(connect(ID), ID);
        assertThat(held.getFirst().getInputStream().readAllBytes())
                .asString(US_ASCII)
                .startsWith("HTTP/1.1 503");
        send(elsewhere, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(statusLine(elsewhere)).startsWith("HTTP/1.1 200");
    }

    @Test
    void aResponseToARequestWithoutATokenClosesTheConnection() throws Exception {
        for (String target : new String[] {"/livez", "/metrics", "/api/v1/nothing"}) {
            Socket caller = connectCaller();
            send(caller, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(new String(caller.getInputStream().readAllBytes(), US_ASCII))
                    .contains("Connection: close");
        }
    }

    @Test
    void aConnectionWithAValidTokenStaysOpen() throws Exception {
        Socket caller = connectCaller();
        for (int i = 0; i < 3; i++) {
            send(caller, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nX-Admin-Token: " + ADMIN_TOKEN + "\r\n\r\n");
            assertThat(statusLine(caller)).startsWith("HTTP/1.1 200");
        }
    }

    /** Sends another byte every three seconds until the status line comes. */
    private static String dripUntilResponse(Socket caller) throws IOException {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        caller.setSoTimeout(3000);
        while (System.nanoTime() < deadline) {
            try {
                return statusLine(caller);
            } catch (SocketTimeoutException e) {
                send(caller, "x");
            }
        }
        throw new AssertionError("no response");
    }

    private static void send(Socket caller, String text) throws IOException {
        caller.getOutputStream().write(text.getBytes(US_ASCII));
    }
}
