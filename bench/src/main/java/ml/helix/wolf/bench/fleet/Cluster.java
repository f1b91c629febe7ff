package ml.helix.wolf.bench.fleet;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/**
 * A namespace of its own in a real API server. This class plays everyone but the operator: the user who applies
 * WolfTunnels, the DaemonSet controller, and the kubelets of nodes that don't exist. Node n runs pod n of the whole run.
 */
final class Cluster implements AutoCloseable {
    private static final int AT_ONCE = 24;
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

    final KubernetesClient client;
    final String namespace;

    Cluster(KubernetesClient client, Path root) throws IOException, InterruptedException {
        this.client = client;
        try (var crd = Files.newInputStream(root.resolve("manifests/crds/wolftunnels.wolf.helix.ml.yaml"))) {
            client.resource(client.load(crd).items().getFirst())
                    .forceConflicts()
                    .serverSideApply();
            Thread.sleep(2_000);
            client.resources(WolfTunnel.class).inAnyNamespace().list();
        }
        namespace = client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withGenerateName("wolf-scale-")
                        .endMetadata()
                        .build())
                .create()
                .getMetadata()
                .getName();
    }

    static String node(int number) {
        return "gpu-node-%05d.zone-b.example.internal".formatted(number);
    }

    static String agents(String tunnel) {
        return tunnel + "-tunnel-agent";
    }

    private String pod(String tunnel, int number) {
        return agents(tunnel) + "-" + Integer.toString(60_466_176 + number * 7919 % 60_466_176, 36);
    }

    /** Applies the WolfTunnel and the Secret that it names; returns the WolfTunnel's generation. */
    long apply(String tunnel, int port, String logLevel) {
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(tunnel + "-token")
                        .endMetadata()
                        .withStringData(Map.of("token", "token-of-the-simulation"))
                        .build())
                .serverSideApply();
        return client.resource(Serialization.unmarshal(
                        """
                {"apiVersion":"wolf.helix.ml/v1alpha1","kind":"WolfTunnel","metadata":{"namespace":"%s","name":"%s"},
                 "spec":{"controlPlane":{"url":"https://helix.example.com"},"runnerToken":{"secretRef":{"name":"%s-token"}},
                  "wolfId":{"source":"NodeName"},"agent":{"port":%d,"logLevel":"%s"}}}""".formatted(namespace, tunnel, tunnel, port, logLevel), GenericKubernetesResource.class))
                .fieldManager("somebody")
                .forceConflicts()
                .serverSideApply()
                .getMetadata()
                .getGeneration();
    }

    DaemonSet daemonSet(String tunnel) {
        return client.apps()
                .daemonSets()
                .inNamespace(namespace)
                .withName(agents(tunnel))
                .get();
    }

    /** Writes the DaemonSet's status as its controller does. */
    void rolledOut(String tunnel, int desired, int updated) {
        var daemonSet = daemonSet(tunnel);
        client.resource(daemonSet).subresource("status").patch(MERGE, """
                {"status":{"observedGeneration":%d,"desiredNumberScheduled":%d,"currentNumberScheduled":%d,
                "updatedNumberScheduled":%d,"numberReady":%d,"numberMisscheduled":0}}""".formatted(
                        daemonSet.getMetadata().getGeneration(), desired, desired, updated, updated));
    }

    /** Makes a pod as the DaemonSet controller does. */
    void makePod(DaemonSet daemonSet, String tunnel, int number) {
        var template = daemonSet.getSpec().getTemplate();
        client.resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(pod(tunnel, number))
                        .withGenerateName(agents(tunnel) + "-")
                        .withLabels(template.getMetadata().getLabels())
                        .addToLabels("controller-revision-hash", "5d7f8c9b4b")
                        .addToLabels("pod-template-generation", "1")
                        .withAnnotations(template.getMetadata().getAnnotations())
                        .addNewOwnerReference()
                        .withApiVersion("apps/v1")
                        .withKind("DaemonSet")
                        .withName(agents(tunnel))
                        .withUid(daemonSet.getMetadata().getUid())
                        .withController(true)
                        .withBlockOwnerDeletion(true)
                        .endOwnerReference()
                        .endMetadata()
                        .withSpec(template.getSpec())
                        .editSpec()
                        .withNodeName(node(number))
                        .withNewAffinity()
                        .withNewNodeAffinity()
                        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                        .addNewNodeSelectorTerm()
                        .addNewMatchField()
                        .withKey("metadata.name")
                        .withOperator("In")
                        .withValues(node(number))
                        .endMatchField()
                        .endNodeSelectorTerm()
                        .endRequiredDuringSchedulingIgnoredDuringExecution()
                        .endNodeAffinity()
                        .endAffinity()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/not-ready")
                        .withOperator("Exists")
                        .withEffect("NoExecute")
                        .endToleration()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/unreachable")
                        .withOperator("Exists")
                        .withEffect("NoExecute")
                        .endToleration()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/disk-pressure")
                        .withOperator("Exists")
                        .withEffect("NoSchedule")
                        .endToleration()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/memory-pressure")
                        .withOperator("Exists")
                        .withEffect("NoSchedule")
                        .endToleration()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/pid-pressure")
                        .withOperator("Exists")
                        .withEffect("NoSchedule")
                        .endToleration()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/unschedulable")
                        .withOperator("Exists")
                        .withEffect("NoSchedule")
                        .endToleration()
                        .addNewToleration()
                        .withKey("node.kubernetes.io/network-unavailable")
                        .withOperator("Exists")
                        .withEffect("NoSchedule")
                        .endToleration()
                        .endSpec()
                        .build())
                .create();
    }

    /** Writes a pod's status as its kubelet does. */
    void podRuns(String tunnel, int number, boolean ready) {
        var address = FakeAgents.address(number);
        patchPod(tunnel, number, """
                {"status":{"phase":"Running","podIP":"%1$s","podIPs":[{"ip":"%1$s"}],"hostIP":"%1$s","hostIPs":[{"ip":"%1$s"}],
                "qosClass":"Burstable","startTime":"2026-01-01T00:00:00Z","conditions":[
                {"type":"PodReadyToStartContainers","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"},
                {"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"},
                {"type":"Ready","status":"%2$s","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"},
                {"type":"ContainersReady","status":"%2$s","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"},
                {"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"}],
                "containerStatuses":[{"name":"agent","image":"registry.example.com/wolf/tunnel-agent:0.1.0",
                "imageID":"registry.example.com/wolf/tunnel-agent@sha256:%4$064d","containerID":"containerd://%4$064d",
                "ready":%3$s,"started":true,"restartCount":0,"lastState":{},"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}]}}""".formatted(address, ready ? "True" : "False", ready, number));
    }

    /** As the node lifecycle controller does when a node is lost: only Ready turns False. */
    void nodeIsLost(String tunnel, int number) {
        patchPod(tunnel, number, """
                {"status":{"conditions":[
                {"type":"Ready","status":"False","lastProbeTime":null,"lastTransitionTime":"2026-01-01T01:00:00Z"},
                {"type":"ContainersReady","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"}]}}""");
    }

    private void patchPod(String tunnel, int number, String status) {
        client.resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(pod(tunnel, number))
                        .endMetadata()
                        .build())
                .subresource("status")
                .patch(MERGE, status);
    }

    /** Runs the task for each number from first, many at once; throws what a run threw. */
    static void each(int first, int count, IntConsumer task) throws Exception {
        var places = new Semaphore(AT_ONCE);
        List<Future<?>> running = new ArrayList<>();
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = first; i < first + count; i++) {
                int number = i;
                places.acquire();
                running.add(tasks.submit(() -> {
                    try {
                        task.accept(number);
                    } finally {
                        places.release();
                    }
                }));
            }
            for (var one : running) {
                one.get();
            }
        }
    }

    /** Deletes everything it made. Without a namespace controller the namespace itself stays, empty. */
    @Override
    public void close() {
        client.resources(WolfTunnel.class).inNamespace(namespace).delete();
        client.resources(DaemonSet.class).inNamespace(namespace).delete();
        client.resources(Pod.class).inNamespace(namespace).withGracePeriod(0).delete();
        client.resources(ServiceAccount.class).inNamespace(namespace).delete();
        client.secrets().inNamespace(namespace).delete();
        client.namespaces().withName(namespace).delete();
    }
}
