package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.StatusExpectation.condition;
import static ml.helix.wolf.e2e.StatusExpectation.node;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The rotation of a runner token as an admin does it: the control plane accepts the new token beside the old one, the
 * Secret of the WolfTunnel changes, the control plane accepts the new one alone.
 */
@ExtendWith(TestCluster.Resolver.class)
class RotationE2E {
    private static final String OLD = TestCluster.RUNNER_TOKEN;
    private static final String NEW = "the-next-runner-token-of-the-end-to-end-tests";
    private static final String SECRET = "rotating-token";
    /** A kubelet needs up to a minute by default to bring a changed Secret into a pod. */
    private static final Duration KUBELET = Duration.ofSeconds(120);

    private final TestCluster cluster;

    RotationE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    @BeforeEach
    void acceptBothTokens() {
        cluster.writeSecret(TestCluster.NAMESPACE, SECRET, "token", OLD);
        accept(NEW + "\n" + OLD + "\n");
        cluster.controlPlane().awaitTokenAccepted(NEW, true, KUBELET);
    }

    @AfterEach
    void acceptTheOldTokenAlone() {
        accept(OLD);
        cluster.controlPlane().awaitTokenAccepted(OLD, true, KUBELET);
        // Only the refusal of the new token shows that the kubelet has brought this Secret into the pod.
        cluster.controlPlane().awaitTokenAccepted(NEW, false, KUBELET);
    }

    @Test
    void anEnvTokenRollsTheDaemonSetOnceAndItsAnnotationHidesTheToken() throws Exception {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("rotate-env", rotating("Env"))) {
            wolfTunnel.awaitReady();
            long generation = wolfTunnel.daemonSet().getMetadata().getGeneration();
            List<String> before = wolfTunnel.podInstances();

            wolfTunnel.change(() -> cluster.writeSecret(TestCluster.NAMESPACE, SECRET, "token", NEW));
            wolfTunnel.expectStatusEventually(condition("Ready", "False", "RollingOut"));
            wolfTunnel.expectConnected(condition("Authenticated", "True", "TokenAccepted"));

            assertThat(wolfTunnel.daemonSet().getMetadata().getGeneration()).isEqualTo(generation + 1);
            assertThat(wolfTunnel.podInstances()).hasSameSizeAs(before).doesNotContainAnyElementsOf(before);
            assertThat(wolfTunnel
                            .daemonSet()
                            .getSpec()
                            .getTemplate()
                            .getMetadata()
                            .getAnnotations()
                            .toString())
                    .doesNotContainIgnoringCase(plainFormsOf(NEW).toArray(String[]::new));

            accept(NEW);
            cluster.controlPlane().awaitTokenAccepted(OLD, false, KUBELET);
            assertThat(request(wolfTunnel)).isEqualTo(200);
        }
    }

    @Test
    void aTokenInAFileChangesWithoutARestartAndTheStatusShowsTheTime() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("rotate-file", rotating("File"))) {
            wolfTunnel.awaitReady();
            List<String> agents = wolfTunnel.podInstances();
            String since = String.valueOf(wolfTunnel.onlyTunnel().tokenSince());
            long connects = Objects.requireNonNull(wolfTunnel.onlyTunnel().connects());

            wolfTunnel.change(() -> cluster.writeSecret(TestCluster.NAMESPACE, SECRET, "token", NEW));
            try (KubeletNudge _ = wolfTunnel.nudgeKubelets()) {
                wolfTunnel.expectStatusEventually(StatusExpectation.anyTunnel(
                        "a later tokenSince and one more connection",
                        each -> each.tokenSince() != null
                                && each.tokenSince().compareTo(since) > 0
                                && Objects.requireNonNull(each.connects()) > connects));
            }

            accept(NEW);
            cluster.controlPlane().awaitTokenAccepted(OLD, false, KUBELET);
            assertThat(request(wolfTunnel)).isEqualTo(200);
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        }
    }

    @Test
    void aRefusedNewTokenIsReportedWhileTheOldOneKeepsTheTunnelConnected() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("rotate-refused", rotating("File"))) {
            wolfTunnel.awaitReady();
            List<String> agents = wolfTunnel.podInstances();

            wolfTunnel.change(
                    () -> cluster.writeSecret(TestCluster.NAMESPACE, SECRET, "token", "nobody-knows-this-one"));
            try (KubeletNudge _ = wolfTunnel.nudgeKubelets()) {
                wolfTunnel.expectStatusEventually(
                        node("TokenRefused"),
                        condition("Authenticated", "False", "TokenRefused"),
                        condition("Ready", "True", "Connected"),
                        StatusExpectation.anyTunnel("a connected tunnel", each -> "Connected".equals(each.state())));
            }
            assertThat(request(wolfTunnel)).isEqualTo(200);

            wolfTunnel.change(() -> cluster.writeSecret(TestCluster.NAMESPACE, SECRET, "token", NEW));
            try (KubeletNudge _ = wolfTunnel.nudgeKubelets()) {
                wolfTunnel.expectConnected(condition("Authenticated", "True", "TokenAccepted"));
            }
            assertThat(request(wolfTunnel)).isEqualTo(200);
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        }
    }

    private String rotating(String delivery) {
        return cluster.sidecarSpec()
                .replace("{name: wolf-token}}", "{name: " + SECRET + "}, delivery: " + delivery + "}");
    }

    private void accept(String runnerTokens) {
        cluster.setRunnerTokens(runnerTokens);
    }

    /** The token, and its encodings and hashes, which anybody can compute from a guess. */
    private static List<String> plainFormsOf(String token) throws Exception {
        byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
        var forms = Stream.<String>builder().add(token).add(Base64.getEncoder().encodeToString(bytes));
        for (String algorithm : List.of("MD5", "SHA-1", "SHA-256", "SHA-512")) {
            byte[] digest = MessageDigest.getInstance(algorithm).digest(bytes);
            forms.add(HexFormat.of().formatHex(digest, 0, 8));
            forms.add(Base64.getEncoder().encodeToString(digest).substring(0, 10));
        }
        return forms.build().toList();
    }

    private int request(AppliedWolfTunnel wolfTunnel) {
        return cluster.controlPlane()
                .throughTunnel(wolfTunnel.onlyTunnel().wolfId(), "/api/v1/apps")
                .statusCode();
    }
}
