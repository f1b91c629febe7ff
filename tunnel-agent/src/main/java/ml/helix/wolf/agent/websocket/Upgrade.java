package ml.helix.wolf.agent.websocket;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.Refusal;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.http.BufferedSource;
import ml.helix.wolf.agent.http.ResponseHead;
import ml.helix.wolf.agent.transport.Wire;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Version;
import ml.helix.wolf.revdial.DataKeepAlive;
import ml.helix.wolf.revdial.Reuse;

/**
 * The client's opening handshake (RFC 6455, section 4.1). No extension and no subprotocol is offered.
 *
 * @param host the Host header
 * @param target path and query, as in the request line
 * @param token for the Authorization header
 */
public record Upgrade(String host, String target, Secret token) {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    /** The last headers of each request, which are always the same. */
    private static final String CONSTANT_HEADERS = "\r\nUser-Agent: wolf-tunnel-agent/" + Version.text() + "\r\n"
            + DataKeepAlive.HEADER + ": " + DataKeepAlive.PROMISE + "\r\n" + Reuse.HEADER + ": " + Reuse.VERSION
            + "\r\n\r\n";

    private static final SecureRandom RANDOM = new SecureRandom();

    /**
     * Sends the request and waits for the answer. The caller guards the wire with a deadline, and cuts it if this throws.
     *
     * @param nanoTime the clock that {@code timers} goes by
     * @throws TunnelException if the server refuses, or its acceptance is not valid
     * @throws IOException if the wire breaks
     */
    public WebSocketStream perform(Wire wire, ScheduledExecutorService timers, LongSupplier nanoTime)
            throws IOException {
        byte[] nonce = new byte[16];
        RANDOM.nextBytes(nonce);
        String key = Base64.getEncoder().encodeToString(nonce);
        wire.output().write(request(key).getBytes(StandardCharsets.ISO_8859_1));
        wire.output().flush();
        BufferedSource source = WebSocketStream.source(wire);
        ResponseHead answer;
        try {
            answer = ResponseHead.read(source);
        } catch (ProtocolException e) {
            throw new TunnelException(FailureReason.PROTOCOL_ERROR, "the control plane's answer: " + e.getMessage(), e);
        }
        check(answer, key);
        String promise =
                answer.header(DataKeepAlive.HEADER.toLowerCase(Locale.ROOT)).orElse("");
        boolean reusable = answer.header(Reuse.HEADER.toLowerCase(Locale.ROOT))
                .filter(Reuse.VERSION::equals)
                .isPresent();
        return new WebSocketStream(wire, source, timers, nanoTime, promise, reusable);
    }

    private String request(String key) {
        return "GET " + target + " HTTP/1.1\r\nHost: " + host
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key
                + "\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer " + token.reveal() + CONSTANT_HEADERS;
    }

    private static void check(ResponseHead answer, String key) throws TunnelException {
        if (answer.status() != 101) {
            throw Refusal.of(answer, "the control plane", Instant.now());
        }
        if (!answer.lists("upgrade", "websocket")
                || !answer.lists("connection", "upgrade")
                || !answer.header("sec-websocket-accept").orElse("").equals(accept(key))) {
            throw new TunnelException(
                    FailureReason.PROTOCOL_ERROR,
                    "the control plane's 101 is no WebSocket acceptance: Upgrade, Connection or Sec-WebSocket-Accept is wrong");
        }
        if (answer.header("sec-websocket-extensions").isPresent()) {
            throw new TunnelException(
                    FailureReason.PROTOCOL_ERROR,
                    "the control plane insists on a WebSocket extension that was not offered");
        }
    }

    private static String accept(String key) {
        try {
            byte[] text = (key + GUID).getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }
}
