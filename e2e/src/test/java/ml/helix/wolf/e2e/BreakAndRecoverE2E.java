package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.Sign.condition;
import static ml.helix.wolf.e2e.Sign.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each thing that breaks: within 15 s of it one and the same status says what, by a condition, and where, by the node's
 * own reason, in the words of docs/status.md. Once the cause is gone the tunnel is Ready again. No operator is restarted
 * by any of it, and no agent where its template stays the same.
 */
@ExtendWith(Stage.Resolver.class)
class BreakAndRecoverE2E {
    private final Stage stage;
    private List<String> operators = List.of();

    BreakAndRecoverE2E(Stage stage) {
        this.stage = stage;
    }

    @BeforeEach
    void rememberTheOperators() {
        operators = Stage.instances(stage.operators());
    }

    @AfterEach
    void noOperatorWasRestarted() {
        assertThat(Stage.instances(stage.operators())).isEqualTo(operators);
    }

    @Test
    void aWrongTokenIsUnauthorizedUntilTheSecretHasTheRightOne() {
        stage.secret(Stage.NAMESPACE, "changing-token", "token", Stage.RUNNER_TOKEN);
        try (Tunnel tunnel = stage.tunnel("wrong-token", stage.sidecar().replace("wolf-token", "changing-token"))) {
            tunnel.awaitReady();

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, "changing-token", "token", "wrong"));
            tunnel.shows(
                    condition("Authenticated", "False", "Unauthorized"),
                    condition("Ready", "False", "Unauthorized"),
                    condition("Stalled", "True", "Unauthorized"),
                    node("Unauthorized"));

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, "changing-token", "token", Stage.RUNNER_TOKEN));
            tunnel.recovers(condition("Authenticated", "True", "TokenAccepted"));
        }
    }

    @Test
    void aMissingSecretStallsTheTunnelUntilItIsCreatedAndLeavesRunningPodsAlone() {
        removeToken("late-token");
        try (Tunnel tunnel = stage.tunnel("late-token", stage.sidecar().replace("wolf-token", "late-token"))) {
            tunnel.shows(
                    condition("Ready", "False", "RunnerTokenMissing"),
                    condition("Stalled", "True", "RunnerTokenMissing"));

            tunnel.change(() -> stage.secret(Stage.NAMESPACE, "late-token", "token", Stage.RUNNER_TOKEN));
            tunnel.recovers();

            List<String> agents = tunnel.instances();
            tunnel.change(() -> removeToken("late-token"));
            tunnel.shows(
                    condition("Stalled", "True", "RunnerTokenMissing"),
                    condition("Ready", "False", "RunnerTokenMissing"),
                    Sign.anyTunnel("a tunnel that is up", each -> "Connected".equals(each.state())));
            assertThat(tunnel.instances()).isEqualTo(agents);
            assertThat(request(tunnel)).isEqualTo(200);
        }
    }

    @Test
    void aControlPlaneThatIsDownIsAConnectFailure() {
        try (Tunnel tunnel = stage.tunnel("control-plane-down", stage.sidecar())) {
            tunnel.awaitReady();
            List<String> agents = tunnel.instances();

            try {
                tunnel.change(() -> stage.controlPlane().scale(0));
                tunnel.shows(condition("ControlPlaneReachable", "False", "ConnectFailure"), node("ConnectFailure"));
            } finally {
                tunnel.change(() -> stage.controlPlane().scale(1));
            }
            tunnel.recovers(condition("ControlPlaneReachable", "True", "Reachable"));
            assertThat(tunnel.instances()).isEqualTo(agents);
        }
    }

    @Test
    void aNameThatDnsDoesNotKnowIsADnsFailure() {
        try (Tunnel tunnel = stage.tunnel("dns", stage.sidecar())) {
            tunnel.awaitReady();

            tunnel.change(() -> tunnel.spec(
                    stage.sidecar().replace(stage.controlPlane().url(), "http://no-such-host.invalid:8080")));
            tunnel.shows(condition("ControlPlaneReachable", "False", "DnsFailure"), node("DnsFailure"));

            tunnel.change(() -> tunnel.spec(stage.sidecar()));
            tunnel.recovers();
        }
    }

    @Test
    void aCertificateOfAnotherAuthorityIsATlsFailureUntilTheBundleHasTheRightOne() {
        Certificates certificates = Certificates.create(stage);
        stage.apply(Parts.tlsFront(stage.controlPlane().address() + ":8080"));
        stage.ready("part", "tls-front");
        certificates.trustRight();
        String url = "https://" + stage.address("tls-front") + ":8443";
        try (Tunnel tunnel = stage.tunnel(
                "bad-ca",
                stage.sidecar()
                        .replace(
                                "url: \"" + stage.controlPlane().url() + "\"",
                                "url: \"" + url + "\", caBundleRef: {name: e2e-ca, key: ca.crt}"))) {
            tunnel.awaitReady();

            tunnel.change(certificates::trustOther);
            tunnel.shows(
                    condition("ControlPlaneReachable", "False", "TlsFailure"),
                    condition("Stalled", "True", "TlsFailure"),
                    node("TlsFailure"),
                    Sign.anyTunnel("which names the bundle", each -> String.valueOf(each.message())
                            .contains("unknown CA; put that CA into key ca.crt of ConfigMap e2e-ca")));

            tunnel.change(certificates::trustRight);
            tunnel.recovers();
        } finally {
            stage.removePod("tls-front");
        }
    }

    @Test
    void aWolfThatIsDownIsSeenWithoutARequestAndSoIsItsReturn() {
        stage.apply(Parts.wolfAtSocket(stage.nodes().getFirst(), "rwxrwx---"));
        stage.ready("wolf", "socket");
        try (Tunnel tunnel = stage.tunnel("wolf-down", """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod:
                  nodeSelector: {kubernetes.io/hostname: %s}
                  securityContext: {supplementalGroups: [0]}
                wolf: {address: "unix://%s/wolf.sock"}
                """.formatted(
                        stage.controlPlane().url(), stage.nodes().getFirst(), Parts.SOCKET_FOLDER))) {
            tunnel.awaitReady();
            List<String> agents = tunnel.instances();

            tunnel.change(() -> stage.removePod("wolf-at-socket"));
            tunnel.shows(condition("WolfReachable", "False", "WolfUnreachable"), node("WolfUnreachable"));
            assertThat(request(tunnel)).isEqualTo(502);

            stage.apply(Parts.wolfAtSocket(stage.nodes().getFirst(), "rwxrwx---"));
            stage.ready("wolf", "socket");
            tunnel.startClock();
            tunnel.shows(condition("WolfReachable", "True", "Reachable"), Sign.allConnected());
            assertThat(request(tunnel)).isEqualTo(200);
            assertThat(tunnel.instances()).isEqualTo(agents);
        } finally {
            stage.removePod("wolf-at-socket");
        }
    }

    @Test
    void anImageThatNoNodeCanPullIsNamed() {
        try (Tunnel tunnel = stage.tunnel("image-missing", stage.sidecar())) {
            tunnel.awaitReady();

            tunnel.change(() -> tunnel.spec(stage.sidecar() + "agent: {image: \"wolf-tunnel-agent:no-such-tag\"}\n"));
            tunnel.shows(
                    condition("AgentsAvailable", "False", "ImagePullBackOff"),
                    condition("Ready", "False", "ImagePullBackOff"),
                    node("ImagePullBackOff"));

            tunnel.change(() -> tunnel.spec(stage.sidecar()));
            tunnel.recovers();
        }
    }

    @Test
    void aPodThatFitsNoNodeIsUnschedulable() {
        try (Tunnel tunnel = stage.tunnel("unschedulable", stage.sidecar())) {
            tunnel.awaitReady();

            tunnel.change(() -> tunnel.spec(stage.sidecar() + "agent: {resources: {requests: {memory: 100Ti}}}\n"));
            tunnel.shows(
                    condition("AgentsAvailable", "False", "Unschedulable"),
                    condition("Ready", "False", "Unschedulable"),
                    node("Unschedulable"));

            tunnel.change(() -> tunnel.spec(stage.sidecar()));
            tunnel.recovers();
        }
    }

    @Test
    void anAgentThatKeepsCrashingIsNamed() {
        try (Tunnel tunnel = stage.tunnel("crash-loop", stage.sidecar())) {
            tunnel.awaitReady();

            tunnel.change(
                    () -> tunnel.spec(stage.sidecar() + "agent: {env: [{name: LOG_FORMAT, value: no-such-format}]}\n"));
            tunnel.shows(
                    condition("AgentsAvailable", "False", "CrashLoopBackOff"),
                    condition("Ready", "False", "CrashLoopBackOff"),
                    node("CrashLoopBackOff"));

            tunnel.change(() -> tunnel.spec(stage.sidecar()));
            tunnel.recovers();
        }
    }

    @Test
    void anAgentThatDoesNotTellItsStatusCountsByItsReadinessAlone() {
        try (Tunnel tunnel = stage.tunnel("mute", stage.sidecar())) {
            tunnel.awaitReady();

            tunnel.change(() -> tunnel.spec(stage.sidecar() + """
                    agent:
                      image: "%s"
                      env: [{name: E2E_PART, value: mute-agent}]
                    """.formatted(Parts.IMAGE)));
            tunnel.shows(
                    condition("Ready", "True", "Connected"),
                    node("StatusUnreachable"),
                    Sign.anyTunnel(
                            "which says that it is by readiness alone",
                            each -> "Connected".equals(each.state())
                                    && String.valueOf(each.message()).contains("by the pod's readiness alone")));

            tunnel.change(() -> tunnel.spec(stage.sidecar()));
            tunnel.recovers();
        }
    }

    /**
     * The cluster itself takes its grace period to call a node lost; the 15 s begin where its condition Ready says so. The agent
     * on it answers, as after an outage of the API server, when every node is called lost for a while.
     */
    @Test
    void aNodeThatIsNotReadyIsNamedAndTurnsNoTunnelDownWhoseAgentAnswers() {
        String stop = System.getenv("E2E_NODE_STOP");
        String start = System.getenv("E2E_NODE_START");
        assumeTrue(stop != null && start != null, "no E2E_NODE_STOP and E2E_NODE_START");
        String node = stage.nodes().getLast();
        try (Tunnel tunnel =
                stage.tunnel("node-lost", stage.sidecar().replace(stage.nodes().getFirst(), node))) {
            tunnel.awaitReady();
            // the node's controller turns the Ready of pods that were ready, and of no others
            stage.ready("app.kubernetes.io/instance", "node-lost");
            List<String> agents = tunnel.instances();

            try {
                Command.shell(stop + " " + node);
                stage.awaitNode(node, "Unknown");
                tunnel.startClock();
                tunnel.shows(
                        condition("AgentsAvailable", "True", "AllAvailable"),
                        condition("Ready", "True", "Connected"),
                        node("NodeNotReady"));
            } finally {
                Command.shell(start + " " + node);
            }
            stage.awaitNode(node, "True");
            tunnel.startClock();
            tunnel.recovers();
            assertThat(tunnel.instances()).isEqualTo(agents);
        }
    }

    private void removeToken(String name) {
        stage.client().secrets().inNamespace(Stage.NAMESPACE).withName(name).delete();
    }

    private int request(Tunnel tunnel) {
        return stage.controlPlane()
                .throughTunnel(tunnel.only().wolfId(), "/api/v1/apps")
                .statusCode();
    }
}
