package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URLEncoder;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.conformance.peer.Connection;

/** A scripted agent that answers each conn-ready by itself, on a thread of its own, and notes the requests that it got. */
final class ServingAgent {
    private final String id;
    private final Connection control;
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

    /** Answers a conn-ready. */
    @FunctionalInterface
    interface Answer {
        void to(ServingAgent agent, String connPath) throws IOException;
    }

    private ServingAgent(String id, Connection control) {
        this.id = id;
        this.control = control;
    }

    /** Connects; returns when callers reach the id. */
    static ServingAgent connect(ControlPlaneSpec spec, String id, Answer answer) throws IOException {
        var agent = new ServingAgent(id, spec.connect(URLEncoder.encode(id, UTF_8)));
        Thread.ofVirtual().name("serving-agent " + id).start(() -> agent.answerAll(answer));
        return agent;
    }

    /** Picks up, reads a request with its body, and responds with the id as the body, and these header lines. */
    static Answer responding(ControlPlaneSpec spec, String... headers) {
        return (agent, connPath) -> {
            Connection data = spec.pickUp(connPath);
            agent.readRequest(data);
            String lines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
            data.binary("HTTP/1.0 200 OK\r\nContent-Length: " + agent.id.getBytes(UTF_8).length + "\r\n" + lines
                    + "\r\n" + agent.id);
            data.fin();
        };
    }

    /** Picks up, reads a request, and closes the data connection without a response. */
    static Answer hangingUp(ControlPlaneSpec spec) {
        return (agent, connPath) -> {
            Connection data = spec.pickUp(connPath);
            agent.readRequest(data);
            data.fin();
        };
    }

    static Answer failing() {
        return (agent, connPath) -> ControlPlaneSpec.pickupFailed(agent.control, connPath, "Wolf is down");
    }

    static Answer silent() {
        return (agent, connPath) -> {};
    }

    String id() {
        return id;
    }

    Connection control() {
        return control;
    }

    /** How many requests it got and nobody has taken. */
    int untaken() {
        return requests.size();
    }

    /** The next request that it got, head and body. */
    String nextRequest() throws InterruptedException {
        String request = requests.poll(60, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError(id + " got no request");
        }
        return request;
    }

    private void answerAll(Answer answer) {
        try {
            while (true) {
                String connPath = ControlPlaneSpec.awaitConnReady(control);
                Thread.ofVirtual().start(() -> {
                    try {
                        answer.to(this, connPath);
                    } catch (IOException e) {
                        requests.add("failed: " + e);
                    }
                });
            }
        } catch (IOException e) {
            // the test is over, or it has closed the control connection
        }
    }

    private void readRequest(Connection data) throws IOException {
        var read = new StringBuilder();
        while (read.indexOf("\r\n\r\n") < 0 || read.length() < length(read)) {
            read.append(new String(data.read(1), ISO_8859_1));
        }
        requests.add(read.toString());
    }

    private static int length(StringBuilder request) {
        int end = request.indexOf("\r\n\r\n") + 4;
        String head = request.substring(0, end).toLowerCase(Locale.ROOT);
        int field = head.indexOf("\r\ncontent-length:");
        if (field < 0) {
            return end;
        }
        int from = field + "\r\ncontent-length:".length();
        return end
                + Integer.parseInt(
                        head.substring(from, head.indexOf("\r\n", from)).strip());
    }
}
