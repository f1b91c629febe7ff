package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.StatusExpectation.condition;
import static ml.helix.wolf.e2e.StatusExpectation.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A WolfTunnel that can't become Ready by itself says why, in the words of the cluster or of the program. */
@ExtendWith(TestCluster.Resolver.class)
class StuckE2E {
    /** The operator reads the events that say why only a while after it has noticed the problem. */
    private static final int EVENTS_SECONDS = 30;

    private static final String CONFINED = "wolf-e2e-confined";

    private final TestCluster cluster;

    StuckE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** Otherwise the API server would refuse it in the DaemonSet, with a 500 that doesn't name the field. */
    @Test
    void aQuantityThatTheClusterCannotReadIsRefusedAtTheApply() {
        for (String quantity : List.of("128MB", "4GB")) {
            String spec = cluster.sidecarSpec() + "agent: {resources: {limits: {memory: %s}}}\n".formatted(quantity);
            assertThatThrownBy(() -> cluster.applyWolfTunnel("quantity", spec))
                    .hasMessageContaining("spec.agent.resources.limits.memory")
                    .hasMessageContaining(quantity);
        }
        assertThat(cluster.client()
                        .resources(WolfTunnel.class)
                        .inNamespace(TestCluster.NAMESPACE)
                        .withName("quantity")
                        .get())
                .isNull();
    }

    @Test
    void podsThatPodSecurityForbidsAreReported() {
        cluster.apply("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: %s, labels: {pod-security.kubernetes.io/enforce: baseline}}
                """.formatted(CONFINED));
        cluster.writeSecret(CONFINED, "wolf-token", "token", TestCluster.RUNNER_TOKEN);
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel(CONFINED, "forbidden", cluster.sidecarSpec() + "agent: {port: 9890}\n")) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(() -> wolfTunnel.applySpec(hostNetwork()));
            wolfTunnel.expectStatusWithin(
                    EVENTS_SECONDS,
                    condition("Ready", "False", "PodsForbidden"),
                    condition("Stalled", "True", "PodsForbidden"),
                    says("Stalled", "violates PodSecurity"));

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec() + "agent: {port: 9890}\n"));
            wolfTunnel.expectConnected();
        } finally {
            cluster.removeNamespace(CONFINED);
        }
    }

    /** Without a Wolf container: the admission policy forbids one on the network of the node. */
    private String hostNetwork() {
        return cluster.sidecarSpec()
                        .replace("pod: {nodeSelector", "pod: {hostNetwork: true, nodeSelector")
                        .replace("  container: " + StandInManifests.sidecarWolf() + "\n", "")
                + "agent: {port: 9890}\n";
    }

    @Test
    void aMissingVolumeIsReportedUntilItExists() {
        String mounting = cluster.sidecarSpec()
                .replace("pod: {", "pod: {volumes: [{name: late, configMap: {name: late-volume}}], ")
                .replace(StandInManifests.sidecarWolf(), withMount(StandInManifests.sidecarWolf()));
        cluster.client()
                .configMaps()
                .inNamespace(TestCluster.NAMESPACE)
                .withName("late-volume")
                .delete();
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("late-volume", mounting)) {
            wolfTunnel.expectStatusWithin(
                    EVENTS_SECONDS,
                    condition("Ready", "False", "VolumeNotMounted"),
                    condition("Stalled", "True", "VolumeNotMounted"),
                    says("Stalled", "configmap \"late-volume\" not found"),
                    node("VolumeNotMounted"));

            cluster.apply("""
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: late-volume, namespace: %s}
                    """.formatted(TestCluster.NAMESPACE));
            wolfTunnel.startClock();
            wolfTunnel.expectConnected();
        }
    }

    private static String withMount(String container) {
        return container.replaceFirst("}$", ", volumeMounts: [{name: late, mountPath: /late}]}");
    }

    @Test
    void onDeleteListsThePodsThatWaitForTheirDeletion() {
        String onDelete = cluster.sidecarSpec() + "updateStrategy: {type: OnDelete}\n";
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("on-delete", onDelete)) {
            wolfTunnel.awaitReady();
            String pod = wolfTunnel.onlyTunnel().pod();

            wolfTunnel.change(() -> wolfTunnel.applySpec(onDelete + "agent: {logLevel: debug}\n"));
            wolfTunnel.expectStatus(
                    condition("Stalled", "True", "PodsAwaitDeletion"), says("Stalled", "delete pod " + pod));

            wolfTunnel.change(() -> cluster.removePod(Objects.requireNonNull(pod)));
            wolfTunnel.expectConnected();
        }
    }

    @Test
    void aWolfContainerWithoutAnImageStallsTheWolfTunnelWithOneMessage() {
        String bad = cluster.sidecarSpec().replace(StandInManifests.sidecarWolf(), "{image: \"wolf-e2e:no-such-tag\"}");
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("wolf-image-missing", bad)) {
            wolfTunnel.expectStatusWithin(
                    EVENTS_SECONDS,
                    condition("Ready", "False", "ImagePullBackOff"),
                    condition("Stalled", "True", "ImagePullBackOff"),
                    says("Stalled", "container wolf has no image wolf-e2e:no-such-tag: "),
                    // The report of the agent comes a moment after its readiness.
                    condition("WolfReachable", "False", "WolfUnreachable"),
                    StatusExpectation.anyTunnel(
                            "a connected tunnel with that reason",
                            each -> "Connected".equals(each.state())
                                    && "ImagePullBackOff".equals(each.reason())
                                    && each.wolfId() != null));

            String before = wolfTunnel.resourceVersion();
            awaitWolf(wolfTunnel, "ImagePullBackOff");
            awaitWolf(wolfTunnel, "ErrImagePull");
            awaitWolf(wolfTunnel, "ImagePullBackOff");
            assertThat(wolfTunnel.resourceVersion())
                    .as("one cause, one message")
                    .isEqualTo(before);

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec()));
            wolfTunnel.expectConnected();
        }
    }

    private void awaitWolf(AppliedWolfTunnel wolfTunnel, String waiting) {
        cluster.client()
                .resource(wolfTunnel.pods().getFirst())
                .waitUntilCondition(
                        pod -> pod != null
                                && pod.getStatus().getContainerStatuses().stream()
                                        .anyMatch(container -> waitsFor(container, waiting)),
                        90,
                        TimeUnit.SECONDS);
    }

    private static boolean waitsFor(ContainerStatus container, String reason) {
        return container.getName().equals("wolf")
                && container.getState().getWaiting() != null
                && reason.equals(container.getState().getWaiting().getReason());
    }

    @Test
    void anAgentThatCannotStartIsReportedWithTheFieldOfTheSpec() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(
                "last-words", cluster.sidecarSpec() + "agent: {env: [{name: LOG_FORMAT, value: no-such-format}]}\n")) {
            wolfTunnel.expectStatusWithin(
                    EVENTS_SECONDS,
                    condition("Stalled", "True", "CrashLoopBackOff"),
                    says("Stalled", "spec.agent.env LOG_FORMAT"),
                    condition("ControlPlaneReachable", "Unknown", "NotKnown"));
        }
    }

    @Test
    void aWolfThatNeverAnswersIsUnhealthyWhileItsTunnelIsConnected() {
        String mute =
                StandInManifests.sidecarWolf().replaceFirst("}$", ", env: [{name: BEHAVIOUR, value: NEVER_ANSWERS}]}");
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(
                "wolf-hangs", cluster.sidecarSpec().replace(StandInManifests.sidecarWolf(), mute))) {
            wolfTunnel.awaitReady();
            wolfTunnel.expectStatusWithin(
                    60,
                    condition("WolfReachable", "False", "WolfUnhealthy"),
                    condition("Ready", "True", "Connected"),
                    says("WolfReachable", "no answer within 10 s"),
                    new StatusExpectation(
                            "1/1 reachable, 1 unhealthy", seen -> "1/1 reachable, 1 unhealthy".equals(seen.wolf())));
        }
    }

    private static StatusExpectation says(String type, String words) {
        return new StatusExpectation(type + " says " + words, seen -> seen.conditions().stream()
                .anyMatch(condition -> condition.getType().equals(type)
                        && condition.getMessage().contains(words)));
    }
}
