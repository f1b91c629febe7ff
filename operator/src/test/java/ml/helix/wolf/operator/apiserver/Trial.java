package ml.helix.wolf.operator.apiserver;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.OperatorSettings;
import ml.helix.wolf.operator.TunnelOperator;
import ml.helix.wolf.operator.TunnelYaml;
import ml.helix.wolf.program.LogSettings;

/** A namespace with an operator for it. There are no controllers and no kubelets: the test plays them. */
final class Trial implements AutoCloseable {
    static final String TUNNEL = "gpu-nodes";
    static final String AGENTS = "gpu-nodes-tunnel-agent";

    final KubernetesClient admin;
    final String namespace;
    private final KubernetesClient operatorClient;
    private PrometheusRegistry registry = new PrometheusRegistry();
    private TunnelOperator operator;

    Trial(RealApiServer.Running server, KubernetesClient operatorClient) {
        this.admin = server.client();
        this.operatorClient = operatorClient;
        this.namespace = admin.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withGenerateName("trial-")
                        .endMetadata()
                        .build())
                .create()
                .getMetadata()
                .getName();
    }

    static Trial asAdmin(RealApiServer.Running server) {
        return new Trial(server, server.client());
    }

    /** Starts the operator, or another in its place. */
    Trial operate() {
        if (operator != null) {
            operator.close();
        }
        registry = new PrometheusRegistry();
        operator = TunnelOperator.start(
                operatorClient,
                new OperatorSettings("agent:1", Set.of(namespace), false, Optional.empty(), LogSettings.DEFAULT),
                registry,
                () -> {});
        return this;
    }

    /** Tunnel {@link #TUNNEL} as {@link TunnelYaml} has it. */
    void apply(String spec) {
        admin.resource(admin.getKubernetesSerialization()
                        .unmarshal(TunnelYaml.of(namespace, TUNNEL, spec), GenericKubernetesResource.class))
                .fieldManager("test")
                .serverSideApply();
    }

    void token(String token) {
        admin.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName("wolf-token")
                        .endMetadata()
                        .withStringData(Map.of("token", token))
                        .build())
                .serverSideApply();
    }

    WolfTunnel tunnel() {
        return admin.resources(WolfTunnel.class)
                .inNamespace(namespace)
                .withName(TUNNEL)
                .get();
    }

    Condition condition(String type) {
        return tunnel().getStatus().conditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no condition " + type));
    }

    /** Such as "False RunnerTokenMissing". */
    String verdict(String type) {
        var condition = condition(type);
        return condition.getStatus() + " " + condition.getReason();
    }

    TunnelStatus row(String node) {
        return tunnel().getStatus().tunnels().stream()
                .filter(row -> node.equals(row.node()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row for " + node));
    }

    DaemonSet daemonSet() {
        return daemonSetResource().get();
    }

    Resource<DaemonSet> daemonSetResource() {
        return admin.apps().daemonSets().inNamespace(namespace).withName(AGENTS);
    }

    ServiceAccount serviceAccount() {
        return admin.serviceAccounts().inNamespace(namespace).withName(AGENTS).get();
    }

    /** What the DaemonSet's controller would say. */
    void rolledOut(int desired, int updated) {
        daemonSetResource().subresource("status").edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editOrNewStatus()
                .withObservedGeneration(daemonSet.getMetadata().getGeneration())
                .withDesiredNumberScheduled(desired)
                .withCurrentNumberScheduled(desired)
                .withUpdatedNumberScheduled(updated)
                .endStatus()
                .build());
    }

    /** What the DaemonSet's controller and the node's kubelet would make: a pod that runs. */
    void podRuns(String node, String ip, boolean ready) {
        var daemonSet = daemonSet();
        admin.resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(AGENTS + "-" + node)
                        .withLabels(
                                daemonSet.getSpec().getTemplate().getMetadata().getLabels())
                        .addNewOwnerReference()
                        .withApiVersion("apps/v1")
                        .withKind("DaemonSet")
                        .withName(AGENTS)
                        .withUid(daemonSet.getMetadata().getUid())
                        .withController(true)
                        .endOwnerReference()
                        .endMetadata()
                        .withSpec(daemonSet.getSpec().getTemplate().getSpec())
                        .editSpec()
                        .withNodeName(node)
                        .endSpec()
                        .build())
                .create();
        podSays(node, running(ip, ready));
    }

    void podSays(String node, PodStatus status) {
        admin.pods()
                .inNamespace(namespace)
                .withName(AGENTS + "-" + node)
                .subresource("status")
                .edit(pod -> new PodBuilder(pod).withStatus(status).build());
    }

    static PodStatus running(String ip, boolean ready) {
        return new PodStatusBuilder()
                .withPhase("Running")
                .withPodIP(ip)
                .withHostIP(ip)
                .addNewPodIP()
                .withIp(ip)
                .endPodIP()
                .withConditions(
                        new PodConditionBuilder()
                                .withType("Ready")
                                .withStatus(ready ? "True" : "False")
                                .build(),
                        new PodConditionBuilder()
                                .withType("ContainersReady")
                                .withStatus(ready ? "True" : "False")
                                .build())
                .addNewContainerStatus()
                .withName("agent")
                .withImage("agent:1")
                .withImageID("")
                .withReady(ready)
                .withRestartCount(0)
                .withNewState()
                .withNewRunning()
                .endRunning()
                .endState()
                .endContainerStatus()
                .build();
    }

    /** How often the operator has looked at statuses, whether it wrote or not. */
    double looks() {
        return count("wolf_operator_statuses", "true") + count("wolf_operator_statuses", "false");
    }

    double statusWrites() {
        return count("wolf_operator_statuses", "true");
    }

    private double count(String name, String written) {
        return registry.scrape().stream()
                .filter(metric -> metric.getMetadata().getName().equals(name))
                .flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .filter(point -> written.equals(point.getLabels().get("written")))
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                .sum();
    }

    @Override
    public void close() {
        if (operator != null) {
            operator.close();
        }
        operatorClient.close();
        admin.close();
    }
}
