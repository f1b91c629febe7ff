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
    /** The file's name. */
    private static final String TOKEN_KEY = "token";

    private static final String NODE_FOLDER = "/etc/wolf-tunnel/node";

    /** The file's name. */
    private static final String CORDONED = "cordoned";

    static final String CORDON_FILE = NODE_FOLDER + "/" + CORDONED;

    private static final String CA = "ca-bundle";
    private static final String NODE = "wolf-tunnel-node";

    /** For everybody: which user the agent runs as is not known here, and the container has no other user. */
    private static final int READABLE = 0444;

    private AgentVolumes() {}

    static List<Volume> of(WolfTunnelSpec spec, @Nullable SocketFolder socket) {
        var volumes = new ArrayList<Volume>();
        if (spec.runnerToken().fromFile()) {
            volumes.add(token(spec.runnerToken()));
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
        if (spec.drainCordonedNodes()) {
            volumes.add(node());
        }
        volumes.addAll(Objects.requireNonNullElse(spec.pod().volumes(), List.of()));
        return volumes;
    }

    private static Volume token(RunnerToken token) {
        var volume = new VolumeBuilder().withName(TOKEN);
        var ofPod = token.serviceAccountToken();
        if (ofPod != null) {
            return volume.withNewProjected()
                    .withDefaultMode(READABLE)
                    .addNewSource()
                    .withNewServiceAccountToken()
                    .withAudience(ofPod.audience())
                    .withExpirationSeconds(ofPod.expirationSeconds())
                    .withPath(TOKEN_KEY)
                    .endServiceAccountToken()
                    .endSource()
                    .endProjected()
                    .build();
        }
        var secret = Objects.requireNonNull(token.secretRef(), "a rule of the CRD demands one of the two");
        return volume.withNewSecret()
                .withSecretName(secret.name())
                .withDefaultMode(READABLE)
                .addNewItem()
                .withKey(secret.key())
                .withPath(TOKEN_KEY)
                .endItem()
                .endSecret()
                .build();
    }

    /** A file with the pod's annotation; the kubelet writes it anew when the annotation changes. */
    private static Volume node() {
        return new VolumeBuilder()
                .withName(NODE)
                .withNewDownwardAPI()
                .withDefaultMode(READABLE)
                .addNewItem()
                .withPath(CORDONED)
                .withNewFieldRef()
                .withApiVersion("v1")
                .withFieldPath("metadata.annotations['" + AgentMetadata.CORDONED_ANNOTATION + "']")
                .endFieldRef()
                .endItem()
                .endDownwardAPI()
                .build();
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
        if (spec.runnerToken().fromFile()) {
            mounts.add(readOnly(TOKEN, "/etc/wolf-tunnel/token"));
        }
        if (spec.controlPlane().caBundleRef() != null) {
            mounts.add(readOnly(CA, "/etc/wolf-tunnel/ca"));
        }
        if (socket != null) {
            mounts.add(readOnly(SOCKET, socket.folder()));
        }
        if (spec.drainCordonedNodes()) {
            mounts.add(readOnly(NODE, NODE_FOLDER));
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
