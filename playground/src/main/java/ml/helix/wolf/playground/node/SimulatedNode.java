package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Instant;
import java.util.Map;

/**
 * A node that is a loopback address of this machine.
 *
 * @param address the IP of the node and of each of its pods, whether or not they use the host's network
 */
public record SimulatedNode(String name, String address, Map<String, String> labels) {

    /** Enough that a real scheduler places agents here. */
    private static final Map<String, Quantity> CAPACITY =
            Map.of("cpu", new Quantity("8"), "memory", new Quantity("16Gi"), "pods", new Quantity("110"));

    public SimulatedNode {
        labels = Map.copyOf(labels);
    }

    /** The Node object as a kubelet registers it, with a heartbeat of now. */
    Node object(Instant now) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .addToLabels("kubernetes.io/hostname", name)
                .addToLabels("kubernetes.io/os", "linux")
                .endMetadata()
                .withNewStatus()
                .addNewAddress()
                .withType("InternalIP")
                .withAddress(address)
                .endAddress()
                .withCapacity(CAPACITY)
                .withAllocatable(CAPACITY)
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("KubeletReady")
                .withMessage("simulated")
                .withLastTransitionTime(now.toString())
                .withLastHeartbeatTime(now.toString())
                .endCondition()
                .endStatus()
                .build();
    }
}
