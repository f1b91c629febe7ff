package ml.helix.wolf.kubectl.cluster;

import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.status.NearNames;

/** The client's settings from a kubeconfig, with kubectl's rules. */
final class Kubeconfig {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    private Kubeconfig() {}

    /** @throws Failure if the file or the context doesn't exist, or nothing says which cluster */
    static Config read(Access access, Map<String, String> environment) throws Failure {
        if (!access.kubeconfig().isEmpty()) {
            if (!Files.isReadable(Path.of(access.kubeconfig()))) {
                throw new Failure("there is no file " + access.kubeconfig() + " that can be read (--kubeconfig)");
            }
            System.setProperty(Config.KUBERNETES_KUBECONFIG_FILE, access.kubeconfig());
        }
        Config config;
        try {
            config = Config.autoConfigure(access.context().isEmpty() ? null : access.context());
        } catch (KubernetesClientException e) {
            throw new Failure("the kubeconfig can't be read: " + ApiFailure.innermost(e), e);
        }
        List<String> contexts =
                config.getContexts().stream().map(NamedContext::getName).toList();
        if (!access.context().isEmpty() && !contexts.contains(access.context())) {
            throw new Failure("the kubeconfig has no context " + access.context() + "."
                    + NearNames.question(access.context(), contexts)
                    + (contexts.isEmpty() ? "" : " It has: " + String.join(", ", contexts)));
        }
        if (config.getCurrentContext() == null && !environment.containsKey("KUBERNETES_SERVICE_HOST")) {
            throw new Failure(
                    contexts.isEmpty()
                            ? "no cluster: there is no kubeconfig (--kubeconfig, KUBECONFIG, or ~/.kube/config)"
                            : "no cluster: the kubeconfig has no current context. Choose one with --context: "
                                    + String.join(", ", contexts));
        }
        config.setRequestTimeout((int) TIMEOUT.toMillis());
        config.setConnectionTimeout((int) TIMEOUT.toMillis());
        config.setRequestRetryBackoffLimit(0);
        return config;
    }
}
