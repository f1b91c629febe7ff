package ml.helix.wolf.controlplane;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.controlplane.RawWebSocket.Frame;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Splice;

/** An agent that runs a script for each conn-ready. */
final class TestAgent implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private volatile int port;
    private final String token;
    private final Script script;
    private final RawWebSocket control;
    private final CompletableFuture<Integer> closeCode = new CompletableFuture<>();
    private final CompletableFuture<Void> firstLine = new CompletableFuture<Void>().orTimeout(20, TimeUnit.SECONDS);
    private final List<String> commands = new CopyOnWriteArrayList<>();

    /** Handles a conn-ready, on its own thread. */
    interface Script {
        void connReady(TestAgent agent, String connPath) throws IOException;

        /** It is asked for another control connection. Runs on a thread of its own. */
        default void reconnect(TestAgent agent) throws IOException {
            // as Helix's agents do
        }
    }

    private TestAgent(int port, String runnerId, String token, Script script) throws IOException {
        this.port = port;
        this.token = token;
        this.script = script;
        String id = URLEncoder.encode(runnerId, StandardCharsets.UTF_8);
        control = RawWebSocket.open(port, "/api/v1/revdial?runnerid=" + id, token);
        Thread.ofVirtual().name("test-agent " + runnerId).start(this::readLines);
    }

    /** Connects, and waits for the first line from the control plane. */
    static TestAgent connect(TestControlPlane controlPlane, String runnerId, Script script) throws IOException {
        return connect(controlPlane.port(), runnerId, script);
    }

    static TestAgent connect(int port, String runnerId, Script script) throws IOException {
        var agent = new TestAgent(port, runnerId, TestControlPlane.RUNNER_TOKEN, script);
        agent.firstLine.join();
        return agent;
    }

    /** Picks up under /api/v1/revdial and splices the stream with a local port, as the real agent does. */
    static Script splicing(int localPort) {
        return (agent, connPath) -> {
            Socket local = new Socket("127.0.0.1", localPort);
            local.setTcpNoDelay(true);
            try (local) {
                ByteStream data = agent.pickUp("/api/v1" + connPath);
                new Splice(data, stream(local), bytes -> {}, bytes -> {}).run();
            }
        };
    }

    /** Answers each conn-ready with a pickup-failed of this reason. */
    static Script failing(String reason) {
        return (agent, connPath) -> agent.pickupFailed(connPath, reason);
    }

    /** Ignores each conn-ready. */
    static Script silent() {
        return (agent, connPath) -> {};
    }

    /** From now on picks up at another port. */
    TestAgent pickingUpAt(int otherPort) {
        port = otherPort;
        return this;
    }

    RawWebSocket pickUp(String target) throws IOException {
        return RawWebSocket.open(port, target, token);
    }

    void pickupFailed(String connPath, String reason) throws IOException {
        byte[] json = JSON.writeValueAsBytes(Map.of("command", "pickup-failed", "connPath", connPath, "err", reason));
        control.send(RawWebSocket.BINARY, false, json);
        control.send(RawWebSocket.CONTINUATION, true, "\n".getBytes(StandardCharsets.UTF_8));
    }

    RawWebSocket control() {
        return control;
    }

    List<String> commands() {
        return commands;
    }

    /** Waits for the end of the control connection; returns the close code, 0 if there was none. */
    int awaitCloseCode() throws Exception {
        return closeCode.get(20, TimeUnit.SECONDS);
    }

    private void readLines() {
        var lines = new StringBuilder();
        try {
            while (true) {
                Frame frame = control.next();
                switch (frame.opcode()) {
                    case RawWebSocket.CLOSE -> {
                        closeCode.complete(frame.closeCode());
                        control.close();
                        return;
                    }
                    case RawWebSocket.PING -> control.send(RawWebSocket.PONG, true, frame.payload());
                    default -> lines.append(frame.text());
                }
                for (int end = lines.indexOf("\n"); end >= 0; end = lines.indexOf("\n")) {
                    handle(JSON.readTree(lines.substring(0, end)));
                    lines.delete(0, end + 1);
                }
            }
        } catch (IOException e) {
            closeCode.complete(0);
        }
    }

    private void handle(JsonNode message) {
        String command = message.path("command").asText();
        commands.add(command);
        firstLine.complete(null);
        if (command.equals("conn-ready")) {
            run(() -> script.connReady(this, message.path("connPath").asText()));
        } else if (command.equals("reconnect")) {
            run(() -> script.reconnect(this));
        }
    }

    private interface Answer {
        void run() throws IOException;
    }

    private static void run(Answer answer) {
        Thread.ofVirtual().name("test-answer").start(() -> {
            try {
                answer.run();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static ByteStream stream(Socket socket) {
        return new ByteStream() {
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                return socket.getInputStream().read(buffer, offset, length);
            }

            @Override
            public void write(byte[] buffer, int offset, int length) throws IOException {
                socket.getOutputStream().write(buffer, offset, length);
            }

            @Override
            public void close() {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
    }

    @Override
    public void close() {
        control.close();
    }
}
