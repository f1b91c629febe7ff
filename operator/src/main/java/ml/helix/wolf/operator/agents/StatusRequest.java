package ml.helix.wolf.operator.agents;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentAnswer;

/**
 * One {@code GET /status}: HTTP/1.0 over a connection of its own, at most {@link #MAX_BYTES}, within {@link #TIMEOUT} in all,
 * whatever the other side does. Anybody may listen at a pod's address, so nothing of the answer is trusted beyond what
 * {@link ReportParser} takes from it.
 */
final class StatusRequest {
    static final Duration TIMEOUT = Duration.ofSeconds(2);
    static final int MAX_BYTES = 64 * 1024;

    private StatusRequest() {}

    /** Blocks. Never throws for what the other side does. */
    static AgentAnswer send(AgentAddress address, Optional<String> noticesTo) {
        return send(address, noticesTo, TIMEOUT);
    }

    /** @param noticesTo where the agent says that something has changed, and its id there */
    static AgentAnswer send(AgentAddress address, Optional<String> noticesTo, Duration timeout) {
        try {
            var response = response(address, noticesTo, timeout);
            int head = response.indexOf("\r\n\r\n");
            var statusLine = response.lines().findFirst().orElse("");
            if (head < 0 || !statusLine.matches("HTTP/1\\.[01] 200( .*)?")) {
                return new AgentAnswer.Unreachable("it answers something else than 200: is it an agent?");
            }
            return ReportParser.parse(response.substring(head + 4))
                    .<AgentAnswer>map(AgentAnswer.Reported::new)
                    .orElseGet(() -> new AgentAnswer.Unreachable("its answer is no agent's status"));
        } catch (IOException e) {
            return new AgentAnswer.Unreachable(reason(e, timeout));
        }
    }

    private static String response(AgentAddress address, Optional<String> noticesTo, Duration timeout)
            throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        try (var socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(address.ip(), address.port()),
                    millisUntil(deadline).orElse(1));
            var request = "GET /status HTTP/1.0\r\nHost: " + address + "\r\nAccept: application/json\r\n"
                    + noticesTo.map(to -> "Wolf-Changes-To: " + to + "\r\n").orElse("") + "\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return read(socket, deadline);
        }
    }

    private static String read(Socket socket, long deadline) throws IOException {
        InputStream in = socket.getInputStream();
        var bytes = new ByteArrayOutputStream();
        var buffer = new byte[8 * 1024];
        while (true) {
            socket.setSoTimeout(millisUntil(deadline).orElseThrow(() -> new SocketTimeoutException("too slow")));
            int read = in.read(buffer);
            if (read < 0) {
                return bytes.toString(StandardCharsets.UTF_8);
            }
            bytes.write(buffer, 0, read);
            if (bytes.size() > MAX_BYTES) {
                throw new IOException("its answer is longer than an agent's status");
            }
        }
    }

    private static Optional<Integer> millisUntil(long deadline) {
        int millis = (int) Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        return millis > 0 ? Optional.of(millis) : Optional.empty();
    }

    private static String reason(IOException e, Duration timeout) {
        return switch (e) {
            case SocketTimeoutException slow -> "no answer within " + timeout.toSeconds() + " s";
            case ConnectException refused -> "the connection is refused";
            default -> String.valueOf(e.getMessage());
        };
    }
}
