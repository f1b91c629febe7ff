package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.Sign.condition;
import static ml.helix.wolf.e2e.Sign.node;
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
 * A token's rotation as an admin does it: the control plane takes the new token beside the old, the tunnels' Secret
 * changes, the control plane takes the new one alone.
 */
@ExtendWith(Stage.Resolver.class)
class RotationE2E {
    private static final String OLD = Stage.RUNNER_TOKEN;
    private static final String NEW = "the-next-runner-token-of-the-end-to-end-tests";
    private static final String SECRET = "rotating-token";
    /** How long a kubelet may take to bring a changed Secret into a pod: a minute by default, and some. */
    private static final Duration KUBELET = Duration.ofSeconds(120);

    private final Stage stage;

    RotationE2E(Stage stage) {
        this.stage = stage;
    }

    @BeforeEach
    void bothTokensAreGood() {
        stage.secret(Stage.NAMESPACE, SECRET, "token", OLD);
        accept(NEW + "\n" + OLD + "\n");
        stage.controlPlane().awaitAdmitted(NEW, true, KUBELET);
    }

    @AfterEach
    void theStagesOwnTokenIsGoodAgain() {
        accept(OLD);
        stage.controlPlane().awaitAdmitted(OLD, true, KUBELET);
        // where both were good, that says nothing of when the next test's beginning may ask again
        stage.controlPlane().awaitAdmitted(NEW, false, KUBELET);
    }

    @Test
    void anEnvTokenRollsTheDaemonSetOnceAndItsAnnotationRevealsNothing() throws Exception {
        try (Tunnel tunnel = stage.tunnel("rotate-env", rotating("Env"))) {
            tunnel.awaitReady();
            long generation = tunnel.daemonSet().getMetadata().getGeneration();
            List<String> before = tunnel.instances();

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, SECRET, "token", NEW));
            tunnel.showsInTime(condition("Ready", "False", "RollingOut"));
            tunnel.recovers(condition("Authenticated", "True", "TokenAccepted"));

            assertThat(tunnel.daemonSet().getMetadata().getGeneration()).isEqualTo(generation + 1);
            assertThat(tunnel.instances()).hasSameSizeAs(before).doesNotContainAnyElementsOf(before);
            assertThat(tunnel.daemonSet()
                            .getSpec()
                            .getTemplate()
                            .getMetadata()
                            .getAnnotations()
                            .toString())
                    .doesNotContainIgnoringCase(plainFormsOf(NEW).toArray(String[]::new));

            accept(NEW);
            stage.controlPlane().awaitAdmitted(OLD, false, KUBELET);
            assertThat(request(tunnel)).isEqualTo(200);
        }
    }

    @Test
    void aTokenInAFileChangesWithoutARestartAndTheStatusSaysSinceWhen() {
        try (Tunnel tunnel = stage.tunnel("rotate-file", rotating("File"))) {
            tunnel.awaitReady();
            List<String> agents = tunnel.instances();
            String since = String.valueOf(tunnel.only().tokenSince());
            long connects = Objects.requireNonNull(tunnel.only().connects());

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, SECRET, "token", NEW));
            try (KubeletNudge _ = tunnel.nudge()) {
                tunnel.showsInTime(Sign.anyTunnel(
                        "a later tokenSince and one more connection",
                        each -> each.tokenSince() != null
                                && each.tokenSince().compareTo(since) > 0
                                && Objects.requireNonNull(each.connects()) > connects));
            }

            accept(NEW);
            stage.controlPlane().awaitAdmitted(OLD, false, KUBELET);
            assertThat(request(tunnel)).isEqualTo(200);
            assertThat(tunnel.instances()).isEqualTo(agents);
        }
    }

    @Test
    void aNewTokenThatIsRefusedIsToldOfWhileTheTunnelLivesOnTheOldOne() {
        try (Tunnel tunnel = stage.tunnel("rotate-refused", rotating("File"))) {
            tunnel.awaitReady();
            List<String> agents = tunnel.instances();

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, SECRET, "token", "nobody-knows-this-one"));
            try (KubeletNudge _ = tunnel.nudge()) {
                tunnel.showsInTime(
                        node("TokenRefused"),
                        condition("Authenticated", "False", "TokenRefused"),
                        condition("Ready", "True", "Connected"),
                        Sign.anyTunnel("a tunnel that is up", each -> "Connected".equals(each.state())));
            }
            assertThat(request(tunnel)).isEqualTo(200);

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, SECRET, "token", NEW));
            try (KubeletNudge _ = tunnel.nudge()) {
                tunnel.recovers(condition("Authenticated", "True", "TokenAccepted"));
            }
            assertThat(request(tunnel)).isEqualTo(200);
            assertThat(tunnel.instances()).isEqualTo(agents);
        }
    }

    private String rotating(String delivery) {
        return stage.sidecar().replace("{name: wolf-token}}", "{name: " + SECRET + "}, delivery: " + delivery + "}");
    }

    private void accept(String runnerTokens) {
        stage.controlPlaneTokens(runnerTokens);
    }

    /** The token, and what anybody can make of a guess at it. */
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

    private int request(Tunnel tunnel) {
        return stage.controlPlane()
                .throughTunnel(tunnel.only().wolfId(), "/api/v1/apps")
                .statusCode();
    }
}
