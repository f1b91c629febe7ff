package ml.helix.wolf.kubectl.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import ml.helix.wolf.kubectl.failure.Failure;

/** The API server of the user's kubeconfig. Thread-safe. */
public final class Cluster implements AutoCloseable {
    private static final String TRUST_STORE = "javax.net.ssl.trustStore";

    private final ObjectMapper json = new ObjectMapper();
    private final Config config;
    private final HttpClient http;
    private final String namespace;

    private Cluster(Config config, HttpClient http, String namespace) {
        this.config = config;
        this.http = http;
        this.namespace = namespace;
    }

    /** Connects with the first request. */
    public static Cluster of(Access access, Map<String, String> environment) throws Failure {
        Config config = Kubeconfig.read(access, environment);
        String namespace = access.namespace();
        if (namespace.isEmpty() && config.getNamespace() != null) {
            namespace = config.getNamespace();
        }
        return new Cluster(config, client(config), namespace.isEmpty() ? "default" : namespace);
    }

    /** As in kubectl, a CA of the kubeconfig stands alone: without the system's, which take long to read. */
    private static HttpClient client(Config config) {
        boolean ownCa = config.getCaCertData() != null || config.getCaCertFile() != null;
        String before = System.getProperty(TRUST_STORE);
        try {
            if (ownCa) {
                System.setProperty(TRUST_STORE, "none");
            }
            return new JdkHttpClientFactory().newBuilder(config).build();
        } finally {
            if (before == null) {
                System.clearProperty(TRUST_STORE);
            } else {
                System.setProperty(TRUST_STORE, before);
            }
        }
    }

    Config config() {
        return config;
    }

    /** Its URL. */
    public String server() {
        return config.getMasterUrl().replaceAll("/$", "");
    }

    /** The namespace of {@code --namespace}, else of the context, else {@code default}. */
    public String namespace() {
        return namespace;
    }

    /** What is at this path, whatever the status. */
    public Answer get(String path) throws Failure {
        return send(http.newHttpRequestBuilder().uri(server() + path).build());
    }

    /** Posts to this path. */
    public Answer post(String path, JsonNode body) throws Failure {
        return send(http.newHttpRequestBuilder()
                .uri(server() + path)
                .post("application/json", body.toString())
                .build());
    }

    /** What is at this path; a refusal is a failure. */
    public JsonNode read(String what, String path) throws Failure {
        Answer answer = get(path);
        if (answer.isFine()) {
            return answer.body();
        }
        throw refusal(what, answer);
    }

    /** The failure to do something, in the API server's words. */
    public Failure refusal(String what, Answer answer) {
        return new Failure(
                switch (answer.status()) {
                    case 401 ->
                        "the cluster's API server " + server()
                                + " does not accept the kubeconfig's credentials (401). Log in again, or choose another context"
                                + " (--context)";
                    case 403 -> "you may not " + what + ": " + answer.message();
                    default -> "can't " + what + ": " + answer.message() + " (" + answer.status() + ")";
                });
    }

    private Answer send(HttpRequest request) throws Failure {
        try {
            HttpResponse<byte[]> response =
                    http.sendAsync(request, byte[].class).get();
            return new Answer(response.code(), parse(response.body()));
        } catch (ExecutionException e) {
            throw ApiFailure.of(server(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted", e);
        }
    }

    private JsonNode parse(byte[] body) {
        try {
            return json.readTree(body);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
