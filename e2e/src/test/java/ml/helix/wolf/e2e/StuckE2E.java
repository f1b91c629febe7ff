package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.Sign.condition;
import static ml.helix.wolf.e2e.Sign.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the cluster will never do by itself says so, with the cluster's or the program's own sentence. */
@ExtendWith(Stage.Resolver.class)
class StuckE2E {
    /** The events that say why are read a while after it was first seen. */
    private static final int TOLD_SECONDS = 30;

    private static final String CONFINED = "wolf-e2e-confined";

    private final Stage stage;

    StuckE2E(Stage stage) {
        this.stage = stage;
    }

    /** The cluster would refuse it in the DaemonSet, with a 500 that says nothing of the tunnel. */
    @Test
    void aQuantityThatTheClusterCannotReadIsRefusedAtTheApply() {
        for (String quantity : List.of("128MB", "4GB")) {
            String spec = stage.sidecar() + "agent: {resources: {limits: {memory: %s}}}\n".formatted(quantity);
            assertThatThrownBy(() -> stage.tunnel("quantity", spec))
                    .hasMessageContaining("spec.agent.resources.limits.memory")
                    .hasMessageContaining(quantity);
        }
        assertThat(stage.client()
                        .resources(WolfTunnel.class)
                        .inNamespace(Stage.NAMESPACE)
                        .withName("quantity")
                        .get())
                .isNull();
    }

    @Test
    void podsThatPodSecurityForbidsAreTold() {
        stage.apply("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: %s, labels: {pod-security.kubernetes.io/enforce: baseline}}
                """.formatted(CONFINED));
        stage.secret(CONFINED, "wolf-token", "token", Stage.RUNNER_TOKEN);
        try (Tunnel tunnel = stage.tunnel(CONFINED, "forbidden", stage.sidecar() + "agent: {port: 9890}\n")) {
            tunnel.awaitReady();

            tunnel.change(() -> tunnel.spec(hostNetwork()));
            tunnel.showsWithin(
                    TOLD_SECONDS,
                    condition("Ready", "False", "PodsForbidden"),
                    condition("Stalled", "True", "PodsForbidden"),
                    says("Stalled", "violates PodSecurity"));

            tunnel.change(() -> tunnel.spec(stage.sidecar() + "agent: {port: 9890}\n"));
            tunnel.recovers();
        } finally {
            stage.removeNamespace(CONFINED);
        }
    }

    /** Without a container of its own: the admission policy lets nobody have one on the network of the node. */
    private String hostNetwork() {
        return stage.sidecar()
                        .replace("pod: {nodeSelector", "pod: {hostNetwork: true, nodeSelector")
                        .replace("  container: " + Parts.sidecarWolf() + "\n", "")
                + "agent: {port: 9890}\n";
    }

    @Test
    void aVolumeThatIsNotThereIsToldUntilItIs() {
        String mounting = stage.sidecar()
                .replace("pod: {", "pod: {volumes: [{name: late, configMap: {name: late-volume}}], ")
                .replace(Parts.sidecarWolf(), withMount(Parts.sidecarWolf()));
        stage.client()
                .configMaps()
                .inNamespace(Stage.NAMESPACE)
                .withName("late-volume")
                .delete();
        try (Tunnel tunnel = stage.tunnel("late-volume", mounting)) {
            tunnel.showsWithin(
                    TOLD_SECONDS,
                    condition("Ready", "False", "VolumeNotMounted"),
                    condition("Stalled", "True", "VolumeNotMounted"),
                    says("Stalled", "configmap \"late-volume\" not found"),
                    node("VolumeNotMounted"));

            stage.apply("""
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: late-volume, namespace: %s}
                    """.formatted(Stage.NAMESPACE));
            tunnel.startClock();
            tunnel.recovers();
        }
    }

    private static String withMount(String container) {
        return container.replaceFirst("}$", ", volumeMounts: [{name: late, mountPath: /late}]}");
    }

    @Test
    void onDeleteNamesThePodsThatWaitForTheirDeletion() {
        String onDelete = stage.sidecar() + "updateStrategy: {type: OnDelete}\n";
        try (Tunnel tunnel = stage.tunnel("on-delete", onDelete)) {
            tunnel.awaitReady();
            String pod = tunnel.only().pod();

            tunnel.change(() -> tunnel.spec(onDelete + "agent: {logLevel: debug}\n"));
            tunnel.shows(condition("Stalled", "True", "PodsAwaitDeletion"), says("Stalled", "delete pod " + pod));

            tunnel.change(() -> stage.removePod(Objects.requireNonNull(pod)));
            tunnel.recovers();
        }
    }

    @Test
    void aDeclaredContainerWithoutAnImageStallsTheTunnelWithOneMessage() {
        String bad = stage.sidecar().replace(Parts.sidecarWolf(), "{image: \"wolf-e2e:no-such-tag\"}");
        try (Tunnel tunnel = stage.tunnel("wolf-image-missing", bad)) {
            tunnel.showsWithin(
                    TOLD_SECONDS,
                    condition("Ready", "False", "ImagePullBackOff"),
                    condition("Stalled", "True", "ImagePullBackOff"),
                    says("Stalled", "container wolf has no image wolf-e2e:no-such-tag: "),
                    // what the agent tells comes a moment after its readiness
                    condition("WolfReachable", "False", "WolfUnreachable"),
                    Sign.anyTunnel(
                            "whose tunnel is up",
                            each -> "Connected".equals(each.state())
                                    && "ImagePullBackOff".equals(each.reason())
                                    && each.wolfId() != null));

            String before = tunnel.resourceVersion();
            awaitWolf(tunnel, "ImagePullBackOff");
            awaitWolf(tunnel, "ErrImagePull");
            awaitWolf(tunnel, "ImagePullBackOff");
            assertThat(tunnel.resourceVersion()).as("one cause, one message").isEqualTo(before);

            tunnel.change(() -> tunnel.spec(stage.sidecar()));
            tunnel.recovers();
        }
    }

    private void awaitWolf(Tunnel tunnel, String waiting) {
        stage.client()
                .resource(tunnel.pods().getFirst())
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
    void anAgentThatCannotRunSaysItsSentenceInTheWordsOfTheTunnel() {
        try (Tunnel tunnel = stage.tunnel(
                "last-words", stage.sidecar() + "agent: {env: [{name: LOG_FORMAT, value: no-such-format}]}\n")) {
            tunnel.showsWithin(
                    TOLD_SECONDS,
                    condition("Stalled", "True", "CrashLoopBackOff"),
                    says("Stalled", "spec.agent.env LOG_FORMAT"),
                    condition("ControlPlaneReachable", "Unknown", "NotKnown"));
        }
    }

    @Test
    void aWolfThatNeverAnswersIsUnhealthyWhileItsTunnelIsUp() {
        String mute = Parts.sidecarWolf().replaceFirst("}$", ", env: [{name: BEHAVIOUR, value: NEVER_ANSWERS}]}");
        try (Tunnel tunnel = stage.tunnel("wolf-hangs", stage.sidecar().replace(Parts.sidecarWolf(), mute))) {
            tunnel.awaitReady();
            tunnel.showsWithin(
                    60,
                    condition("WolfReachable", "False", "WolfUnhealthy"),
                    condition("Ready", "True", "Connected"),
                    says("WolfReachable", "no answer within 10 s"),
                    new Sign("1/1 reachable, 1 unhealthy", seen -> "1/1 reachable, 1 unhealthy".equals(seen.wolf())));
        }
    }

    private static Sign says(String type, String words) {
        return new Sign(type + " says " + words, seen -> seen.conditions().stream()
                .anyMatch(condition -> condition.getType().equals(type)
                        && condition.getMessage().contains(words)));
    }
}
