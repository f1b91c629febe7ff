package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import ml.helix.wolf.crds.v1alpha1.RunnerToken;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelSpec;
import org.jspecify.annotations.Nullable;

/** The pod's volumes, and where the agent mounts them. Rules of the CRD reserve their names. */
final class AgentVolumes {
    static final String SOCKET = "wolf-socket";
    static final String TOKEN_FILE = "/etc/wolf-tunnel/token/token";
    static final String CA_FILE = "/etc/wolf-tunnel/ca/ca.crt";

    private static final String TOKEN = "runner-token";
    private static final String CA = "ca-bundle";

    /** For everybody: which user the agent runs as is not known here, and the container has no other user. */
    private static final int READABLE = 0444;

    private AgentVolumes() {}

    static List<Volume> of(WolfTunnelSpec spec, @Nullable SocketFolder socket) {
        var volumes = new ArrayList<Volume>();
        if (spec.runnerToken().delivery() == RunnerToken.Delivery.File) {
            var reference = spec.runnerToken().secretRef();
            volumes.add(new VolumeBuilder()
                    .withName(TOKEN)
                    .withNewSecret()
                    .withSecretName(reference.name())
                    .withDefaultMode(READABLE)
                    .addNewItem()
                    .withKey(reference.key())
                    .withPath("token")
                    .endItem()
                    .endSecret()
                    .build());
        }
        var bundle = spec.controlPlane().caBundleRef();
        if (bundle != null) {
            volumes.add(new VolumeBuilder()
                    .withName(CA)
                    .withNewConfigMap()
                    .withName(bundle.name())
                    .withDefaultMode(READABLE)
                    .addNewItem()
                    .withKey(bundle.key())
                    .withPath("ca.crt")
                    .endItem()
                    .endConfigMap()
                    .build());
        }
        if (socket != null) {
            volumes.add(socket(socket));
        }
        volumes.addAll(Objects.requireNonNullElse(spec.pod().volumes(), List.of()));
        return volumes;
    }

    /** The kubelet creates the node's folder if it is missing, so that an agent can start before Wolf. */
    private static Volume socket(SocketFolder socket) {
        var volume = new VolumeBuilder().withName(SOCKET);
        return socket.shared()
                ? volume.withNewEmptyDir().endEmptyDir().build()
                : volume.withNewHostPath()
                        .withPath(socket.folder())
                        .withType("DirectoryOrCreate")
                        .endHostPath()
                        .build();
    }

    static List<VolumeMount> mounts(WolfTunnelSpec spec, @Nullable SocketFolder socket) {
        var mounts = new ArrayList<VolumeMount>();
        if (spec.runnerToken().delivery() == RunnerToken.Delivery.File) {
            mounts.add(readOnly(TOKEN, "/etc/wolf-tunnel/token"));
        }
        if (spec.controlPlane().caBundleRef() != null) {
            mounts.add(readOnly(CA, "/etc/wolf-tunnel/ca"));
        }
        if (socket != null) {
            mounts.add(readOnly(SOCKET, socket.folder()));
        }
        return mounts;
    }

    private static VolumeMount readOnly(String volume, String path) {
        return new VolumeMountBuilder()
                .withName(volume)
                .withMountPath(path)
                .withReadOnly(true)
                .build();
    }
}
