package ml.helix.wolf.operator.apiserver;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.testkit.TestCertificates;

/** A mutating webhook that changes each DaemonSet of one namespace. */
final class Webhook implements AutoCloseable {
    private final HttpsServer server;
    private final KubernetesClient admin;
    private final MutatingWebhookConfiguration configuration;
    private final AtomicInteger calls = new AtomicInteger();

    /**
     * @param folder empty, for its certificate
     * @param patch a JSON patch; {@code <n>} in it is another number at each call
     */
    Webhook(KubernetesClient admin, String namespace, Path folder, String patch) throws IOException {
        this.admin = admin;
        var certificates = TestCertificates.in(folder);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(certificates.server("127.0.0.1")));
        server.createContext("/", exchange -> {
            try (exchange) {
                var review = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                var uid = review.replaceFirst("(?s).*?\"request\":\\{\"uid\":\"([^\"]*)\".*", "$1");
                var change = patch.replace("<n>", String.valueOf(calls.incrementAndGet()));
                var answer =
                        """
                        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                         "response": {"uid": "%s", "allowed": true, "patchType": "JSONPatch", "patch": "%s"}}""".formatted(uid, Base64.getEncoder().encodeToString(change.getBytes(StandardCharsets.UTF_8)));
                var bytes = answer.getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, bytes.length);
                exchange.getResponseBody().write(bytes);
            }
        });
        server.start();
        configuration = admin.resource(new MutatingWebhookConfigurationBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .addNewWebhook()
                        .withName("mutates.example.com")
                        .withAdmissionReviewVersions("v1")
                        .withSideEffects("None")
                        .withNewNamespaceSelector()
                        .addToMatchLabels("kubernetes.io/metadata.name", namespace)
                        .endNamespaceSelector()
                        .addNewRule()
                        .withApiGroups("apps")
                        .withApiVersions("v1")
                        .withOperations("CREATE", "UPDATE")
                        .withResources("daemonsets")
                        .endRule()
                        .withNewClientConfig()
                        .withUrl("https://127.0.0.1:" + server.getAddress().getPort() + "/")
                        .withCaBundle(Base64.getEncoder().encodeToString(Files.readAllBytes(certificates.caFile())))
                        .endClientConfig()
                        .endWebhook()
                        .build())
                .create();
    }

    int calls() {
        return calls.get();
    }

    @Override
    public void close() {
        admin.resource(configuration).delete();
        server.stop(0);
    }
}
