package ml.helix.wolf.playground.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A node that is a loopback address of its own.
 *
 * @param address its IP and that of each of its pods, whether they use the host's network or not
 */
public record SimulatedNode(String name, String address, Map<String, String> labels, List<Taint> taints) {

    /** Enough for a scheduler to let agents on it. */
    private static final Map<String, Quantity> ROOM =
            Map.of("cpu", new Quantity("8"), "memory", new Quantity("16Gi"), "pods", new Quantity("110"));

    public SimulatedNode {
        labels = Map.copyOf(labels);
        taints = List.copyOf(taints);
    }

    /** The Node object as its kubelet would register it, Ready since now. */
    Node object(Instant now) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .addToLabels("kubernetes.io/hostname", name)
                .addToLabels("kubernetes.io/os", "linux")
                .endMetadata()
                .withNewSpec()
                .withTaints(taints)
                .endSpec()
                .withNewStatus()
                .addNewAddress()
                .withType("InternalIP")
                .withAddress(address)
                .endAddress()
                .withCapacity(ROOM)
                .withAllocatable(ROOM)
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("KubeletReady")
                .withMessage("simulated")
                .withLastTransitionTime(now.toString())
                .withLastHeartbeatTime(now.toString())
                .endCondition()
                .withNewNodeInfo()
                .withKubeletVersion("v1.34.0+playground")
                .withArchitecture("amd64")
                .withBootID("")
                .withContainerRuntimeVersion("processes://1")
                .withKernelVersion("")
                .withKubeProxyVersion("")
                .withMachineID("")
                .withOperatingSystem("linux")
                .withOsImage("")
                .withSystemUUID("")
                .endNodeInfo()
                .endStatus()
                .build();
    }
}
