package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Endpoints for tests that a real Wolf doesn't have:
 *
 * <ul>
 *   <li>{@code GET /testkit/screenshot?bytes=N&seed=S}: {@link #noise(int, long)} as an image of known length;
 *   <li>{@code GET /testkit/pieces?count=N&bytes=M&pauseMillis=P&seed=S}: the noise of N pieces of M bytes, a pause
 *       between two, ended by the connection's end;
 *   <li>{@code GET /testkit/echo} with {@code Upgrade: echo}: 101, then every byte comes back;
 *   <li>{@code GET|POST /testkit/request}: the request itself, as JSON: method, target, version, headers, body;
 *   <li>{@code POST /testkit/digest}: length and SHA-256 of the body, which is never held in memory.
 * </ul>
 */
public final class TestEndpoints {
    private TestEndpoints() {}

    /** Pseudo-random bytes. With the same seed a longer result begins with the shorter one. */
    public static byte[] noise(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] noise = new byte[length];
        long word = 0;
        for (int i = 0; i < length; i++) {
            word = i % Long.BYTES == 0 ? random.nextLong() : word >>> Byte.SIZE;
            noise[i] = (byte) word;
        }
        return noise;
    }

    static void screenshot(WolfRequest request, WolfConnection connection) throws IOException {
        int length = (int) request.number("bytes", 2_000_000);
        connection.bytes(200, "image/png", noise(length, request.number("seed", 0)));
    }

    static void pieces(WolfRequest request, WolfConnection connection) throws IOException {
        int count = (int) request.number("count", 10);
        int length = (int) request.number("bytes", 1_000);
        byte[] noise = noise(count * length, request.number("seed", 0));
        connection.openEnded("Content-Type: application/octet-stream");
        for (int i = 0; i < count; i++) {
            if (i > 0) {
                pause(request.number("pauseMillis", 0));
            }
            connection.output().write(noise, i * length, length);
        }
    }

    static void echo(WolfRequest request, WolfConnection connection) throws IOException {
        if (!"echo".equals(request.header("upgrade"))) {
            connection.error(426, "Ask for Upgrade: echo");
            return;
        }
        connection.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        connection.input().transferTo(connection.output());
    }

    static void reflect(WolfRequest request, WolfConnection connection) throws IOException {
        ObjectNode seen = WolfConnection.JSON
                .createObjectNode()
                .put("method", request.method())
                .put("target", request.target())
                .put("version", request.version())
                .put("body", new String(request.body(), StandardCharsets.UTF_8));
        ObjectNode headers = seen.putObject("headers");
        request.headers().forEach(headers::put);
        connection.json(200, seen);
    }

    static void digest(WolfRequest request, WolfConnection connection) throws IOException {
        MessageDigest sha256 = sha256();
        DigestInputStream body = new DigestInputStream(request.rest(), sha256);
        long left = request.contentLength();
        byte[] buffer = new byte[64 * 1024];
        while (left > 0) {
            int read = body.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                throw new IOException("The body ended " + left + " bytes early");
            }
            left -= read;
        }
        connection.json(
                200,
                WolfConnection.JSON
                        .createObjectNode()
                        .put("bytes", request.contentLength())
                        .put("sha256", HexFormat.of().formatHex(sha256.digest())));
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException("Interrupted between two pieces", e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-256", e);
        }
    }
}
