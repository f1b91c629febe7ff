package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubeapitest.KubeAPITestException;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One API server of kube-api-test for all test classes of this JVM, with the CRD installed; a parameter of type
 * {@link Running} gives access to it. The environment variables of kube-api-test (KUBE_API_TEST_DIR and others) say where
 * its binaries are. Without binaries, and without a way to download them, the tests are skipped.
 */
public class RealApiServer implements ExecutionCondition, ParameterResolver {
    private static final Path CRD = Path.of("../manifests/crds/wolftunnels.wolf.helix.ml.yaml");
    private static final Path AUDIT_POLICY = Path.of("src/test/resources/audit-policy.yaml");

    /** The server, or why there is none. */
    record Attempt(Running server, String failure) {}

    /** Made on first use. Not in a store of JUnit's: surefire's forks end JUnit's session after each class. */
    private static final class OfThisJvm {
        static final Attempt ATTEMPT = start();
    }

    /** A server that runs. */
    public static final class Running {
        private final KubeAPIServer server;
        private final String token;
        private final AuditLog auditLog;

        private Running(KubeAPIServer server, String token, Path auditLog) {
            this.server = server;
            this.token = token;
            this.auditLog = new AuditLog(auditLog);
        }

        /** A client with all permissions; the caller closes it. */
        public KubernetesClient client() {
            return new KubernetesClientBuilder().withConfig(config()).build();
        }

        /** By token: each connection with a client certificate costs much CPU for its key. */
        public Config config() {
            return new ConfigBuilder(Config.fromKubeconfig(kubeconfig()))
                    .withClientCertFile(null)
                    .withClientKeyFile(null)
                    .withOauthToken(token)
                    .build();
        }

        public String kubeconfig() {
            return server.getKubeConfigYaml();
        }

        /** The audit log so far: the answered requests. */
        public List<AuditedRequest> audited() {
            return auditLog.read();
        }

        /** Returns when {@link #audited} has every request that was answered before. */
        public void awaitAudit() {
            var marker = "audit-" + UUID.randomUUID();
            try (var client = client()) {
                client.namespaces().withName(marker).get();
            }
            try {
                Eventually.holds(() ->
                        assertThat(audited()).anyMatch(request -> request.name().equals(marker)));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        var failure = attempt().failure();
        return failure == null
                ? ConditionEvaluationResult.enabled("an API server runs")
                : ConditionEvaluationResult.disabled(
                        "kube-api-test has no API server (KUBE_API_TEST_DIR) and could not download one: " + failure);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Running.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return attempt().server();
    }

    Attempt attempt() {
        return OfThisJvm.ATTEMPT;
    }

    static Attempt start() {
        // One JVM after the other: each may download binaries, write certificates and choose free ports.
        try (var lockFile = FileChannel.open(
                        Path.of("target/kube-api-server.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var _ = lockFile.lock()) {
            var auditLog = Files.createTempFile(Path.of("target").toAbsolutePath(), "audit", ".log");
            var token = UUID.randomUUID().toString();
            var tokens = Files.createTempFile(Path.of("target").toAbsolutePath(), "tokens", ".csv");
            Files.writeString(tokens, token + ",admin,admin,system:masters");
            var server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                    .withApiServerFlag(
                            "--audit-policy-file", AUDIT_POLICY.toAbsolutePath().toString())
                    .withApiServerFlag("--audit-log-path", auditLog.toString())
                    .withApiServerFlag("--token-auth-file", tokens.toString())
                    // some distributions enable it: to set blockOwnerDeletion then needs a permission
                    .withApiServerFlag("--enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
                    .withStartupTimeout((int) Duration.ofMinutes(2).toMillis())
                    .build());
            server.start();
            Runtime.getRuntime().addShutdownHook(new Thread(server::stop, "stop-api-server"));
            var running = new Running(server, token, auditLog);
            installCrd(running);
            return new Attempt(running, null);
        } catch (KubeAPITestException e) {
            return new Attempt(null, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void installCrd(Running running) {
        try (var client = running.client()) {
            var crd = client.resource(committedCrd(client)).serverSideApply();
            client.resource(crd)
                    .waitUntilCondition(
                            now -> now.getStatus() != null
                                    && now.getStatus().getConditions() != null
                                    && now.getStatus().getConditions().stream()
                                            .anyMatch(condition -> condition
                                                            .getType()
                                                            .equals("Established")
                                                    && condition.getStatus().equals("True")),
                            60,
                            TimeUnit.SECONDS);
            // the condition Established is true a moment before the API server serves the resource
            Eventually.holds(() -> assertThatCode(() ->
                            client.resources(WolfTunnel.class).inAnyNamespace().list())
                    .doesNotThrowAnyException());
        } catch (Exception e) {
            throw new IllegalStateException("the CRD is not served", e);
        }
    }

    /** Makes a namespace if it does not exist. */
    static void applyNamespace(KubernetesClient admin, String name) {
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .serverSideApply();
    }

    /** Makes a namespace with a generated name, and returns the name. */
    public static String newNamespace(KubernetesClient admin, String prefix) {
        return admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withGenerateName(prefix)
                        .endMetadata()
                        .build())
                .create()
                .getMetadata()
                .getName();
    }

    static CustomResourceDefinition committedCrd(KubernetesClient client) {
        return client.getKubernetesSerialization().unmarshal(committedCrdText(), CustomResourceDefinition.class);
    }

    static String committedCrdText() {
        try {
            return Files.readString(CRD);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
