package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.Objects;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelSpec;
import org.jspecify.annotations.Nullable;

/** The pod of an agent: its container, and beside it the one of {@code spec.wolf.container}. */
public final class AgentPodSpec {
    /** For the close handshakes and the exit of the process, after the drain. */
    private static final int SECONDS_AFTER_DRAIN = 10;

    private static final String DEFAULT_WOLF_CONTAINER = "wolf";

    private AgentPodSpec() {}

    static PodSpec of(WolfTunnel resource, String agentImage) {
        var spec = resource.getSpec();
        var pod = spec.pod();
        var socket = SocketFolder.of(spec.wolf());
        var containers = new ArrayList<Container>();
        containers.add(AgentContainer.of(spec, agentImage, socket));
        if (spec.wolf().container() != null) {
            containers.add(wolf(spec.wolf().container(), socket));
        }
        boolean hostNetwork = hostNetwork(spec);
        return new PodSpecBuilder()
                .withServiceAccountName(AgentMetadata.name(resource))
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withHostNetwork(hostNetwork ? true : null)
                .withDnsPolicy(hostNetwork ? "ClusterFirstWithHostNet" : "ClusterFirst")
                .withNodeSelector(pod.nodeSelector())
                .withTolerations(pod.tolerations())
                .withAffinity(pod.affinity())
                .withPriorityClassName(pod.priorityClassName())
                .withRuntimeClassName(pod.runtimeClassName())
                .withImagePullSecrets(pod.imagePullSecrets())
                .withSecurityContext(pod.securityContext())
                .withTerminationGracePeriodSeconds((long) spec.agent().drainSeconds() + SECONDS_AFTER_DRAIN)
                .withContainers(containers)
                .withVolumes(AgentVolumes.of(spec, socket))
                .build();
    }

    /** Wolf is on the node's network, unless it is in the pod. */
    static boolean hostNetwork(WolfTunnelSpec spec) {
        return Objects.requireNonNullElse(spec.pod().hostNetwork(), spec.wolf().container() == null);
    }

    /** The name of {@code spec.wolf.container}, "" if there is none. */
    public static String wolfContainer(WolfTunnelSpec spec) {
        var wolf = spec.wolf().container();
        return wolf == null ? "" : Objects.requireNonNullElse(wolf.getName(), DEFAULT_WOLF_CONTAINER);
    }

    private static Container wolf(Container given, @Nullable SocketFolder socket) {
        var wolf = new ContainerBuilder(given)
                .withName(Objects.requireNonNullElse(given.getName(), DEFAULT_WOLF_CONTAINER));
        if (socket == null) {
            return wolf.build();
        }
        if (given.getEnv().stream().noneMatch(variable -> "WOLF_SOCKET_PATH".equals(variable.getName()))) {
            wolf.addToEnv(new EnvVarBuilder()
                    .withName("WOLF_SOCKET_PATH")
                    .withValue(socket.path())
                    .build());
        }
        if (given.getVolumeMounts().stream().noneMatch(mount -> socket.folder().equals(mount.getMountPath()))) {
            wolf.addToVolumeMounts(new VolumeMountBuilder()
                    .withName(AgentVolumes.SOCKET)
                    .withMountPath(socket.folder())
                    .build());
        }
        return wolf.build();
    }
}
