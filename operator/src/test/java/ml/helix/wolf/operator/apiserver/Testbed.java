package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.WolfTunnelYaml;

/**
 * A namespace with an operator for it. The API server has no controllers and no kubelets: the test plays them.
 */
final class Testbed implements AutoCloseable {
    static final String NAME = "gpu-nodes";
    static final String AGENTS = "gpu-nodes-tunnel-agent";

    final KubernetesClient admin;
    final String namespace;
    private final RealApiServer.Running server;
    private Replica operator;
    private int touched;

    Testbed(RealApiServer.Running server) {
        this.server = server;
        this.admin = server.client();
        this.namespace = RealApiServer.newNamespace(admin, "testbed-");
    }

    /** An operator for this namespace, with a direct connection to the API server. */
    Replica.Setup setup() {
        return setup(server.config());
    }

    Replica.Setup setup(Config config) {
        return Replica.Setup.of(
                new ConfigBuilder(config).withNamespace(namespace).build(), namespace);
    }

    /** Starts the operator, after stopping the one that runs. */
    Testbed operate() {
        return operate(setup());
    }

    Testbed operate(Replica.Setup setup) {
        if (operator != null) {
            operator.close();
        }
        operator = new Replica(setup);
        return this;
    }

    Replica operator() {
        return operator;
    }

    /** The operator's answered writes so far, without those of the Lease. To have all, {@link #awaitIdle} first. */
    List<AuditedRequest> writes() {
        server.awaitAudit();
        return operator.writes(server);
    }

    /** Applies the WolfTunnel {@link #NAME} with this spec, see {@link WolfTunnelYaml}. */
    void apply(String spec) {
        admin.resource(admin.getKubernetesSerialization()
                        .unmarshal(WolfTunnelYaml.of(namespace, NAME, spec), GenericKubernetesResource.class))
                .fieldManager("test")
                .serverSideApply();
    }

    void token(String token) {
        admin.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName("wolf-token")
                        .endMetadata()
                        .withStringData(Map.of("token", "s3cr3t-of-the-operators-tests-" + token))
                        .build())
                .serverSideApply();
    }

    /** Changes a label of the Secret, which means nothing but triggers a pass. */
    void touchSecret(String label, String value) {
        admin.secrets().inNamespace(namespace).withName("wolf-token").edit(secret -> new SecretBuilder(secret)
                .editMetadata()
                .addToLabels(label, value)
                .endMetadata()
                .build());
    }

    /** Triggers a pass, and returns after a pass, which may have begun before the call. */
    void awaitPass() throws Exception {
        double passes = passes();
        touchSecret("touched", String.valueOf(++touched));
        Eventually.holds(() -> assertThat(passes()).isGreaterThan(passes));
    }

    /**
     * Returns after a pass that began after the call. So all earlier passes are over, and their writes are answered and
     * counted.
     */
    void awaitIdle() throws Exception {
        awaitPass();
        awaitPass();
    }

    /** Replaces the WolfTunnel's finalizers. */
    void finalizers(String... names) {
        untilNoConflict(() -> admin.resources(WolfTunnel.class)
                .inNamespace(namespace)
                .withName(NAME)
                .edit(resource -> {
                    resource.getMetadata().setFinalizers(List.of(names));
                    return resource;
                }));
    }

    void delete() {
        admin.resources(WolfTunnel.class).inNamespace(namespace).withName(NAME).delete();
    }

    WolfTunnel resource() {
        return admin.resources(WolfTunnel.class)
                .inNamespace(namespace)
                .withName(NAME)
                .get();
    }

    Condition condition(String type) {
        return resource().getStatus().conditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no condition " + type));
    }

    /** For example "False RunnerTokenMissing". */
    String statusAndReason(String type) {
        var condition = condition(type);
        return condition.getStatus() + " " + condition.getReason();
    }

    /** @param expected for example "False RunnerTokenMissing" */
    void awaitCondition(String type, String expected) throws Exception {
        Eventually.holds(() -> assertThat(statusAndReason(type)).isEqualTo(expected));
    }

    void awaitDaemonSet() throws Exception {
        Eventually.holds(() -> assertThat(daemonSet()).isNotNull());
    }

    /** Makes the WolfTunnel with one agent on node-1, and returns when its tunnel is up. */
    void bringUp(FakeAgent agent, String ip) throws Exception {
        apply("{agent: {port: %d}}".formatted(agent.port()));
        awaitDaemonSet();
        podRuns("node-1", ip, true);
        rolledOut(1, 1);
        awaitUp();
    }

    /** Returns when the tunnel of {@link #bringUp} is up. */
    void awaitUp() throws Exception {
        awaitUp(() -> "");
    }

    /** @param context said with a failure */
    void awaitUp(Supplier<String> context) throws Exception {
        Eventually.holds(() -> {
            assertThat(statusAndReason("Ready")).as(context).isEqualTo("True Connected");
            assertThat(tunnel("node-1").wolfId()).as(context).isEqualTo("a1");
            assertThat(tunnel("node-1").reason()).as(context).isNull();
        });
    }

    TunnelStatus tunnel(String node) {
        return resource().getStatus().tunnels().stream()
                .filter(tunnel -> node.equals(tunnel.node()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no tunnel on " + node));
    }

    DaemonSet daemonSet() {
        return daemonSetResource().get();
    }

    /** Returns when the operator has changed the DaemonSet's template so often, its creation counted. */
    void awaitDaemonSet(long generation) throws Exception {
        Eventually.holds(
                () -> assertThat(daemonSet().getMetadata().getGeneration()).isEqualTo(generation));
    }

    /** The image of the DaemonSet's first container. */
    String agentImage() {
        return daemonSet()
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getImage();
    }

    Resource<DaemonSet> daemonSetResource() {
        return admin.apps().daemonSets().inNamespace(namespace).withName(AGENTS);
    }

    ServiceAccount serviceAccount() {
        return admin.serviceAccounts().inNamespace(namespace).withName(AGENTS).get();
    }

    /** Repeats an edit while it conflicts with other writers, as controllers do. */
    static void untilNoConflict(Runnable edit) {
        while (true) {
            try {
                edit.run();
                return;
            } catch (KubernetesClientException e) {
                if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                    throw e;
                }
            }
        }
    }

    /** Plays the DaemonSet's controller: writes the DaemonSet's status. */
    void rolledOut(int desired, int updated) {
        untilNoConflict(
                () -> daemonSetResource().subresource("status").edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                        .editOrNewStatus()
                        .withObservedGeneration(daemonSet.getMetadata().getGeneration())
                        .withDesiredNumberScheduled(desired)
                        .withCurrentNumberScheduled(desired)
                        .withUpdatedNumberScheduled(updated)
                        .endStatus()
                        .build()));
    }

    /** Plays the DaemonSet's controller: an event that it may not make a pod. */
    void failedCreate(String why) {
        var daemonSet = daemonSet();
        warning("apps/v1", "DaemonSet", daemonSet, "FailedCreate", "Error creating: " + why);
    }

    /** Plays the kubelet: an event about a pod that it cannot start. */
    void podWarning(String node, String reason, String message) {
        var pod = admin.pods()
                .inNamespace(namespace)
                .withName(AGENTS + "-" + node)
                .require();
        warning("v1", "Pod", pod, reason, message);
    }

    private void warning(String apiVersion, String kind, HasMetadata about, String reason, String message) {
        var now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        admin.resource(new EventBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withGenerateName(about.getMetadata().getName() + ".")
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withApiVersion(apiVersion)
                        .withKind(kind)
                        .withNamespace(namespace)
                        .withName(about.getMetadata().getName())
                        .withUid(about.getMetadata().getUid())
                        .endInvolvedObject()
                        .withReason(reason)
                        .withMessage(message)
                        .withType("Warning")
                        .withFirstTimestamp(now)
                        .withLastTimestamp(now)
                        .withCount(1)
                        .build())
                .create();
    }

    /** Plays the DaemonSet's controller and the kubelet: makes a pod that runs. */
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
        untilNoConflict(() -> admin.pods()
                .inNamespace(namespace)
                .withName(AGENTS + "-" + node)
                .subresource("status")
                .edit(pod -> new PodBuilder(pod).withStatus(status).build()));
    }

    /** Plays the node controller: the pod's node is lost. */
    void nodeIsLost(String node, String ip) {
        podSays(
                node,
                new PodStatusBuilder(running(ip, true))
                        .editMatchingCondition(condition -> condition.getType().equals("Ready"))
                        .withStatus("False")
                        .endCondition()
                        .build());
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

    double passes() {
        return operator.passes();
    }

    double statusWrites() {
        return operator.statusWrites();
    }

    @Override
    public void close() {
        if (operator != null) {
            operator.close();
        }
        admin.close();
    }
}
