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
 * An API server on plain HTTP on loopback, in this process, for programs that take a kubeconfig. Objects live in memory
 * and end with it. What it lacks of a real one: CEL rules, RBAC, conflicts of server-side apply, watches for kubectl
 * (only WebSocket watches, as Fabric8's clients use them).
 *
 * <p>Thread-safe.
 */
public final class EmbeddedApi implements AutoCloseable {
    /** Held, or its level would be collected with it. It tells every request. */
    private static final Logger REQUESTS = Logger.getLogger(MockWebServer.class.getName());

    private final KubernetesMockServer server;

    private EmbeddedApi(KubernetesMockServer server) {
        this.server = server;
    }

    /** Starts one on 127.0.0.1 at a free port, with the namespaces that every cluster has. */
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

    /** Its address, for example {@code http://127.0.0.1:40123}. */
    public String url() {
        return "http://127.0.0.1:" + server.getPort();
    }

    /** A client of it; the caller closes it. */
    public KubernetesClient client() {
        return server.createClient();
    }

    /** Writes a kubeconfig that leads here. */
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

    /** Ends it and every connection to it. */
    @Override
    public void close() {
        server.destroy();
    }
}
