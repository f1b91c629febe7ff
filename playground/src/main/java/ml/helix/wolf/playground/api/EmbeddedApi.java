package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * An API server in this process, on plain HTTP on loopback, for programs that take a kubeconfig. It keeps objects in
 * memory until it is closed. A real API server also has CEL rules, RBAC, conflicts of server-side apply, a garbage
 * collector, and watches for kubectl: this one has only WebSocket watches, which Fabric8's clients use.
 *
 * <p>Thread-safe.
 */
public final class EmbeddedApi implements AutoCloseable {
    /** Logs every request. A field, because an unreferenced logger loses its level to the garbage collector. */
    private static final Logger REQUESTS = Logger.getLogger(MockWebServer.class.getName());

    private final KubernetesMockServer server;

    private EmbeddedApi(KubernetesMockServer server) {
        this.server = server;
    }

    /** Starts an API server on a free port of 127.0.0.1, with the namespaces that every cluster has. */
    public static EmbeddedApi start() {
        var server = new KubernetesMockServer(
                new Context(new ObjectMapper()),
                new MockWebServer(),
                new HashMap<>(),
                new ApiDispatcher(InstantSource.system()),
                false);
        REQUESTS.setLevel(Level.WARNING);
        server.init(InetAddress.ofLiteral("127.0.0.1"), 0);
        var api = new EmbeddedApi(server);
        try (KubernetesClient client = api.client()) {
            for (String name : List.of("default", "kube-system")) {
                client.resource(new NamespaceBuilder()
                                .withNewMetadata()
                                .withName(name)
                                .endMetadata()
                                .build())
                        .create();
            }
        }
        return api;
    }

    /** The server's URL, for example {@code http://127.0.0.1:40123}. */
    public String url() {
        return "http://127.0.0.1:" + server.getPort();
    }

    /** A new client of this server; the caller closes it. */
    public KubernetesClient client() {
        return server.createClient();
    }

    /** Writes a kubeconfig for this server. */
    public void writeKubeconfig(Path file) throws IOException {
        Files.writeString(file, """
                apiVersion: v1
                kind: Config
                current-context: playground
                clusters:
                - name: playground
                  cluster: {server: "%s"}
                users:
                - name: playground
                  user: {}
                contexts:
                - name: playground
                  context: {cluster: playground, user: playground, namespace: default}
                """.formatted(url()));
    }

    /** Stops the server and closes its connections. */
    @Override
    public void close() {
        server.destroy();
    }
}
