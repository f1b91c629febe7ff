package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import ml.helix.wolf.conformance.agent.Flood;
import ml.helix.wolf.conformance.controlplane.RawCaller.Response;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import ml.helix.wolf.testkit.TestCertificates.PemFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Contract, section 4: what depends on how a connection ends or is bounded, over TLS. {@link #overTls} makes it so; the other
 * classes here pass with it too.
 */
class OverTlsIT extends ControlPlaneSpec {
    private static final String UNTIL_THE_END = "HTTP/1.0 200 OK\r\n\r\nhello";

    @Override
    boolean overTls() {
        return true;
    }

    @Test
    void aRequestAndALargeBodyPassBothWays() throws Exception {
        start();
        Connection control = connect(ID);
        String body = "x".repeat(3_000_000);
        RawCaller caller = rawCall(ID, "POST /x HTTP/1.1", "Content-Length: " + body.length(), "Connection: close");
        Thread.ofVirtual().start(() -> sendQuietly(caller, body));
        Connection data = pickUp(awaitConnReady(control));
        String request = new String(data.read(body.length()), US_ASCII);
        assertThat(request).contains("X-Forwarded-Proto: https\r\n");
        CompletableFuture<Void> sent = inBackground(() -> sendResponse(data, body));
        assertThat(caller.readToEnd().body()).isEqualTo(body);
        sent.get(30, TimeUnit.SECONDS);
    }

    /** TLS's close_notify would tell the caller that it has everything. */
    @ParameterizedTest
    @CsvSource({"HTTP/1.0,RESET", "HTTP/1.0,CLOSE_FRAME_WITH_AN_ERROR", "HTTP/1.1,RESET"})
    void aResponseThatBreaksOffIsNotComplete(String version, Ending ending) throws Exception {
        start();
        Response response = responseUntilTheEnd(version, ending);
        assertThat(response.isComplete()).as(response.toString()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.class,
            names = {"FIN", "CLOSE_FRAME"})
    void aResponseThatEndsInOrderIsComplete(Ending ending) throws Exception {
        start();
        Response response = responseUntilTheEnd("HTTP/1.0", ending);
        assertThat(response.isComplete()).as(response.toString()).isTrue();
    }

    private Response responseUntilTheEnd(String version, Ending ending) throws Exception {
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x " + version, "Connection: close");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary(UNTIL_THE_END);
        String received = caller.readUpTo("hello");
        ending.of(data);
        Response rest = caller.readToEnd();
        return new Response(received + rest.text(), rest.reset());
    }

    @Test
    void aResponseBeforeTheEndOfTheUploadReachesTheCaller() throws Exception {
        start();
        Connection control = connect(ID);
        int length = 5_000_000;
        RawCaller caller = rawCall(ID, "POST /x HTTP/1.1", "Content-Length: " + length, "Connection: close");
        Thread.ofVirtual().start(() -> sendQuietly(caller, "x".repeat(length)));
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary("HTTP/1.0 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        data.close();
        Response response = caller.readToEnd();
        assertThat(response.status()).as(response.toString()).isEqualTo(413);
    }

    /** The bytes that probe a caller are encrypted as the rest is. */
    @Test
    void aCallerThatHalfClosesGetsItsResponse() throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x HTTP/1.1").halfClose();
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        assertThat(caller.readUpTo("HTTP/1")).isEqualTo("HTTP/1");
        sendResponse(data, "hello");
        assertThat(caller.readToEnd().text()).startsWith(".1 200 OK\r\n").endsWith("\r\n\r\nhello");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theDialOfACallerThatHasGoneIsWithdrawn(boolean reset) throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x HTTP/1.1");
        String connPath = awaitConnReady(control);
        if (reset) {
            caller.reset();
        } else {
            caller.close();
        }
        awaitWithdrawn(1);
        assertThat(pickUp(connPath).readToEnd()).as("bytes for Wolf").isEmpty();
    }

    @Test
    void anUpgradeLeavesBothSidesWithAStream() throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(ID, "GET /x HTTP/1.1", "Connection: Upgrade", "Upgrade: echo");
        Connection data = pickUp(awaitConnReady(control));
        data.read(1);
        data.binary("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst");
        caller.readUpTo("\r\n\r\nfirst");
        caller.send("from the caller");
        assertThat(new String(data.read(15), US_ASCII)).isEqualTo("from the caller");
        data.binary("last");
        data.fin();
        Response rest = caller.readToEnd();
        assertThat(rest.text()).isEqualTo("last");
        assertThat(rest.reset()).isFalse();
    }

    @Test
    void aFloodedDataConnectionIsClosedWith1008() throws Exception {
        start("-forward", "127.0.0.1:0=" + ID);
        Connection control = connect(ID);
        Socket caller = connectToForward();
        Connection data = pickUp(awaitConnReady(control));
        byte[] pings = repeat(Frame.of(Frame.PING, new byte[0]).masked(true).bytes(), 1000);
        assertThat(Flood.closeCode(data, pings).orElse(1008)).isEqualTo(1008);
        assertThat(caller.getInputStream().read()).isNegative();
        assertServes(control, ID);
    }

    /** All agents behind one NAT have the same address. */
    @Test
    void aValidTokenIsAcceptedFromAnAddressWhoseHandshakesAllHang() throws Exception {
        start();
        List<Socket> held = new ArrayList<>();
        long most = Runtime.getRuntime().maxMemory() / 4 / (128 * 1024);
        for (int i = 0; i < most / 2 + 50; i++) {
            Socket caller = connectWithoutTls();
            caller.getOutputStream().write(new byte[] {0x16, 3, 1, 2});
            held.add(caller);
        }
        assertServes(connect(ID), ID);
        assertThat(endOf(held.getFirst())).as("the oldest one is closed").isNotNull();
    }

    @Test
    void aHandshakeThatTakesTooLongIsCut() throws Exception {
        start();
        Socket silent = connectWithoutTls();
        Socket slow = connectWithoutTls();
        slow.setSoTimeout(3000);
        byte[] record = {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3};
        String end = "";
        for (int i = 0; end.isEmpty() && i < record.length; i++) {
            slow.getOutputStream().write(record, i, 1);
            try {
                end = slow.getInputStream().read() < 0 ? "closed" : "";
            } catch (SocketTimeoutException e) {
                end = "";
            } catch (IOException e) {
                end = "reset";
            }
        }
        assertThat(end).isNotEmpty();
        assertThat(endOf(silent)).isNotNull();
    }

    private static String endOf(Socket socket) {
        try {
            return "closed after " + socket.getInputStream().readAllBytes().length;
        } catch (SocketTimeoutException e) {
            throw new AssertionError("still open", e);
        } catch (IOException e) {
            return "reset";
        }
    }

    @Test
    void onlyHttp11IsNegotiated() throws Exception {
        start();
        assertThat(handshake("h2", "http/1.1").getApplicationProtocol()).isEqualTo("http/1.1");
        assertThat(handshake().getApplicationProtocol()).isEmpty();
        assertThatThrownBy(() -> handshake("h2")).isInstanceOf(SSLException.class);
    }

    private SSLSocket handshake(String... protocols) throws IOException {
        Socket tcp = connectWithoutTls();
        var socket = (SSLSocket) Tls.client().getSocketFactory().createSocket(tcp, "localhost", tcp.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    @Test
    void anotherCertificateIsUsedWithoutARestartAndNoConnectionIsCut() throws Exception {
        PemFiles files = Tls.pemFiles("reloaded");
        startOnly(
                Map.of("RUNNER_TOKEN", RUNNER_TOKEN, "ADMIN_TOKEN", ADMIN_TOKEN),
                "-tls-cert-file",
                files.certificate().toString(),
                "-tls-key-file",
                files.key().toString());
        Connection control = connect(ID);
        Certificate first = certificate();
        PemFiles next = Tls.pemFiles("next");
        Files.move(next.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
        Files.move(next.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (certificate().equals(first)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        assertServes(control, ID);
    }

    private Certificate certificate() throws IOException {
        return handshake().getSession().getPeerCertificates()[0];
    }

    private static void sendQuietly(RawCaller caller, String body) {
        try {
            caller.send(body);
        } catch (IOException e) {
            // the response came before the end of the upload
        }
    }
}
