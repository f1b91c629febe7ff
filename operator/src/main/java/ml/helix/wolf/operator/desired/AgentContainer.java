package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import java.util.Objects;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelSpec;
import org.jspecify.annotations.Nullable;

/** The agent's container in its pod. */
public final class AgentContainer {
    public static final String NAME = "agent";

    /**
     * Requests keep a node under memory pressure from ending the agent first. The agent bounds its heap and its streams by the
     * limit.
     */
    private static final ResourceRequirements DEFAULT_RESOURCES = new ResourceRequirementsBuilder()
            .addToRequests("cpu", new Quantity("20m"))
            .addToRequests("memory", new Quantity("96Mi"))
            .addToLimits("memory", new Quantity("128Mi"))
            .build();

    /** One late answer of a busy node is not a lost tunnel. A lost tunnel shows within 10 s. */
    private static final int READYZ_FAILURES = 2;

    private AgentContainer() {}

    static Container of(WolfTunnelSpec spec, String defaultImage, @Nullable SocketFolder socket) {
        var agent = spec.agent();
        return new ContainerBuilder()
                .withName(NAME)
                .withImage(Objects.requireNonNullElse(agent.image(), defaultImage))
                .withImagePullPolicy(agent.imagePullPolicy().name())
                .withEnv(AgentEnvironment.of(spec))
                .addNewPort()
                .withName("status")
                .withContainerPort(agent.port())
                .withHostPort(AgentPodSpec.hostNetwork(spec) ? agent.port() : null)
                .withProtocol("TCP")
                .endPort()
                .withLivenessProbe(probe("/livez", agent.port(), 10, 3, 10))
                .withReadinessProbe(probe("/readyz", agent.port(), 5, READYZ_FAILURES, 0))
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .withResources(Objects.requireNonNullElse(agent.resources(), DEFAULT_RESOURCES))
                .withSecurityContext(securityContext(spec.pod().securityContext()))
                .withVolumeMounts(AgentVolumes.mounts(spec, socket))
                .build();
    }

    private static Probe probe(String path, int port, int seconds, int failures, int initialSeconds) {
        return new ProbeBuilder()
                .withNewHttpGet()
                .withPath(path)
                .withPort(new IntOrString(port))
                .withScheme("HTTP")
                .endHttpGet()
                .withInitialDelaySeconds(initialSeconds == 0 ? null : initialSeconds)
                .withPeriodSeconds(seconds)
                .withTimeoutSeconds(3)
                .withFailureThreshold(failures)
                .build();
    }

    /** The container's, not the pod's: Wolf beside it may need to be root. */
    private static SecurityContext securityContext(@Nullable PodSecurityContext pod) {
        boolean root = pod != null
                && (Boolean.FALSE.equals(pod.getRunAsNonRoot())
                        || Long.valueOf(0).equals(pod.getRunAsUser()));
        return new SecurityContextBuilder()
                .withRunAsNonRoot(!root)
                .withReadOnlyRootFilesystem(true)
                .withAllowPrivilegeEscalation(false)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .build();
    }
}
