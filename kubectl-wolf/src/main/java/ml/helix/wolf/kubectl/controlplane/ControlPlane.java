package ml.helix.wolf.kubectl.controlplane;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.program.Secret;

/**
 * A control plane's HTTP API, with an admin token. Each request has a connection of its own, as with Wolf itself. Thread-safe.
 */
public final class ControlPlane {
    private static final int HANDSHAKE_TIMEOUT = (int) Reach.CONNECT_TIMEOUT.toMillis();
    private static final String TOKEN_FIELD = "X-Admin-Token";

    private final ObjectMapper json = new ObjectMapper();
    private final Endpoint endpoint;
    private final Reach reach;
    private final SSLSocketFactory tls;
    private final Secret token;

    public ControlPlane(Endpoint endpoint, Reach reach, SSLSocketFactory tls, Secret token) {
        this.endpoint = endpoint;
        this.reach = reach;
        this.tls = tls;
        this.token = token;
    }

    public Endpoint endpoint() {
        return endpoint;
    }

    /** The field that carries the token. It leaves Authorization to Wolf. */
    String tokenField() {
        return TOKEN_FIELD + ": " + token.reveal();
    }

    static boolean isTokenField(String field) {
        return Head.isNamed(field, TOKEN_FIELD);
    }

    /** A connection to the control plane, after TLS's handshake; the caller closes it. */
    Socket connect() throws Failure {
        try {
            Socket plain = reach.connect();
            return endpoint.secure() ? secure(plain) : plain;
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private Socket secure(Socket plain) throws IOException {
        try {
            plain.setSoTimeout(HANDSHAKE_TIMEOUT);
            var secure = (SSLSocket) tls.createSocket(plain, endpoint.host(), endpoint.port(), true);
            var parameters = secure.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secure.setSSLParameters(parameters);
            secure.startHandshake();
            secure.setSoTimeout(0);
            return secure;
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    private Failure unreachable(IOException e) {
        String why =
                switch (e) {
                    case UnknownHostException _ ->
                        "its name has no address here. If it is a Service of the cluster, write"
                                + " --control-plane http://SERVICE.NAMESPACE.svc:PORT: that goes through the cluster's API server";
                    case SocketTimeoutException _ -> "no answer in time";
                    case SSLException tlsFailure ->
                        "TLS failed: " + tlsFailure.getMessage()
                                + ". If its CA is not one of the system's, give it with --control-plane-ca FILE";
                    default -> String.valueOf(e.getMessage());
                };
        return new Failure("can't reach the control plane " + endpoint + ": " + why, e);
    }

    /**
     * Sends a request; the caller closes the response.
     *
     * @param path as it is sent, after the URL's prefix
     * @param fields further ones, each as NAME: VALUE
     */
    public Response send(String method, String path, List<String> fields, byte[] body) throws Failure {
        Socket socket = connect();
        try {
            var all =
                    new ArrayList<String>(List.of("Host: " + endpoint.authority(), tokenField(), "Connection: close"));
            all.addAll(fields);
            if (body.length > 0 || method.equals("POST") || method.equals("PUT")) {
                all.add("Content-Length: " + body.length);
            }
            var out = socket.getOutputStream();
            out.write(new Head(method + " " + endpoint.path() + path + " HTTP/1.1", all).bytes());
            out.write(body);
            out.flush();
            return Response.read(socket, method);
        } catch (IOException e) {
            try {
                socket.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw new Failure("the control plane " + endpoint + " gave no answer: " + e.getMessage(), e);
        }
    }

    /** A request with a JSON answer, whatever its status; a missing node where it is no JSON. */
    Answer ask(String method, String path) throws Failure {
        try (Response response = send(method, path, List.of("Accept: application/json"), new byte[0])) {
            byte[] body = response.body().readAllBytes();
            return new Answer(response.status(), parse(body));
        } catch (IOException e) {
            throw new Failure("the control plane " + endpoint + " broke off its answer: " + e.getMessage(), e);
        }
    }

    /** The JSON of a body; a missing node if it is none. */
    JsonNode parse(byte[] body) {
        try {
            return json.readTree(body);
        } catch (IOException e) {
            return MissingNode.getInstance();
        }
    }

    record Answer(int status, JsonNode body) {
        boolean isFine() {
            return status >= 200 && status < 300;
        }

        String code() {
            return body.path("error").path("code").asText();
        }

        String message() {
            return body.path("error").path("message").asText();
        }
    }
}
