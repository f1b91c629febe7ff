package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each thing that breaks: within 15 s the status says what and where, by the words of docs/status.md, and once the cause
 * is gone the tunnel is Ready again with nothing restarted by hand.
 */
@ExtendWith(Stage.Resolver.class)
class BreakAndRecoverE2E {
    private final Stage stage;

    BreakAndRecoverE2E(Stage stage) {
        this.stage = stage;
    }

    @Test
    void aWrongTokenIsUnauthorizedUntilTheSecretHasTheRightOne() {
        stage.secret(Stage.NAMESPACE, "changing-token", "token", Stage.RUNNER_TOKEN);
        try (Tunnel tunnel = stage.tunnel("wrong-token", sidecar().replace("wolf-token", "changing-token"))) {
            tunnel.awaitReady();

            stage.secret(Stage.NAMESPACE, "changing-token", "token", "wrong");
            tunnel.awaitCondition("Authenticated", "False", "Unauthorized");
            tunnel.awaitCondition("Ready", "False", "Unauthorized");
            tunnel.awaitNode("Unauthorized");

            stage.secret(Stage.NAMESPACE, "changing-token", "token", Stage.RUNNER_TOKEN);
            tunnel.awaitReady();
            tunnel.awaitCondition("Authenticated", "True", "TokenAccepted");
        }
    }

    @Test
    void aMissingSecretStallsTheTunnelUntilItIsCreatedAndLeavesRunningPodsAlone() {
        stage.client()
                .secrets()
                .inNamespace(Stage.NAMESPACE)
                .withName("late-token")
                .delete();
        try (Tunnel tunnel = stage.tunnel("late-token", sidecar().replace("wolf-token", "late-token"))) {
            tunnel.awaitCondition("Ready", "False", "RunnerTokenMissing");
            tunnel.awaitCondition("Stalled", "True", "RunnerTokenMissing");

            stage.secret(Stage.NAMESPACE, "late-token", "token", Stage.RUNNER_TOKEN);
            tunnel.awaitReady();

            String pod = tunnel.only().pod();
            stage.client()
                    .secrets()
                    .inNamespace(Stage.NAMESPACE)
                    .withName("late-token")
                    .delete();
            tunnel.awaitCondition("Stalled", "True", "RunnerTokenMissing");
            assertThat(tunnel.only().pod()).isEqualTo(pod);
            assertThat(tunnel.only().state()).isEqualTo("Connected");
        }
    }

    @Test
    void aControlPlaneThatIsDownIsAConnectFailure() {
        try (Tunnel tunnel = stage.tunnel("control-plane-down", sidecar())) {
            tunnel.awaitReady();

            stage.controlPlane().scale(0);
            try {
                tunnel.awaitCondition("ControlPlaneReachable", "False", "ConnectFailure");
                tunnel.awaitNode("ConnectFailure");
            } finally {
                stage.controlPlane().scale(1);
            }
            stage.rolledOut(ControlPlane.NAMESPACE, ControlPlane.NAME);
            tunnel.awaitReady();
            tunnel.awaitCondition("ControlPlaneReachable", "True", "Reachable");
        }
    }

    @Test
    void aNameThatDnsDoesNotKnowIsADnsFailure() {
        try (Tunnel tunnel = stage.tunnel("dns", sidecar())) {
            tunnel.awaitReady();

            tunnel.spec(sidecar().replace(stage.controlPlane().url(), "http://no-such-host.invalid:8080"));
            tunnel.awaitCondition("ControlPlaneReachable", "False", "DnsFailure");
            tunnel.awaitNode("DnsFailure");

            tunnel.spec(sidecar());
            tunnel.awaitReady();
        }
    }

    @Test
    void aCertificateOfAnotherAuthorityIsATlsFailureUntilTheBundleHasTheRightOne() {
        Certificates certificates = Certificates.create(stage);
        stage.apply(Parts.tlsFront(stage.controlPlane().address() + ":8080"));
        stage.ready("part", "tls-front");
        certificates.trustOther();
        String url = "https://" + stage.address("tls-front") + ":8443";
        try (Tunnel tunnel = stage.tunnel(
                "bad-ca",
                sidecar()
                        .replace(
                                "url: \"" + stage.controlPlane().url() + "\"",
                                "url: \"" + url + "\", caBundleRef: {name: e2e-ca, key: ca.crt}"))) {
            tunnel.awaitCondition("ControlPlaneReachable", "False", "TlsFailure");
            tunnel.awaitNode("TlsFailure");

            certificates.trustRight();
            tunnel.awaitReady();
        }
    }

    @Test
    void aWolfThatIsDownIsSeenByTheNextRequestAndByTheFirstOneItAnswers() {
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

            stage.removePod("wolf-at-socket");
            assertThat(request(tunnel)).isEqualTo(502);
            tunnel.awaitCondition("WolfReachable", "False", "WolfUnreachable");
            tunnel.awaitNode("WolfUnreachable");

            stage.apply(Parts.wolfAtSocket(stage.nodes().getFirst(), "rwxrwx---"));
            stage.ready("wolf", "socket");
            assertThat(request(tunnel)).isEqualTo(200);
            tunnel.awaitCondition("WolfReachable", "True", "Reachable");
            tunnel.awaitReady();
        } finally {
            stage.removePod("wolf-at-socket");
        }
    }

    @Test
    void anImageThatNoNodeCanPullIsNamed() {
        try (Tunnel tunnel = stage.tunnel("image-missing", sidecar())) {
            tunnel.awaitReady();

            tunnel.spec(sidecar() + "agent: {image: \"wolf-tunnel-agent:no-such-tag\"}\n");
            tunnel.awaitCondition("Ready", "False", "ImagePullBackOff");
            tunnel.awaitNode("ImagePullBackOff");

            tunnel.spec(sidecar());
            tunnel.awaitReady();
        }
    }

    @Test
    void aPodThatFitsNoNodeIsUnschedulable() {
        try (Tunnel tunnel = stage.tunnel("unschedulable", sidecar())) {
            tunnel.awaitReady();

            tunnel.spec(sidecar() + "agent: {resources: {requests: {memory: 100Ti}}}\n");
            tunnel.awaitCondition("Ready", "False", "Unschedulable");
            tunnel.awaitNode("Unschedulable");

            tunnel.spec(sidecar());
            tunnel.awaitReady();
        }
    }

    @Test
    void anAgentThatKeepsCrashingIsNamed() {
        try (Tunnel tunnel = stage.tunnel("crash-loop", sidecar())) {
            tunnel.awaitReady();

            tunnel.spec(sidecar() + "agent: {env: [{name: LOG_FORMAT, value: no-such-format}]}\n");
            tunnel.awaitCondition("Ready", "False", "CrashLoopBackOff");
            tunnel.awaitNode("CrashLoopBackOff");

            tunnel.spec(sidecar());
            tunnel.awaitReady();
        }
    }

    @Test
    void anAgentThatDoesNotTellItsStatusCountsByItsReadinessAlone() {
        try (Tunnel tunnel = stage.tunnel("mute", sidecar())) {
            tunnel.awaitReady();

            tunnel.spec(sidecar() + """
                    agent:
                      image: "%s"
                      env: [{name: E2E_PART, value: mute-agent}]
                    """.formatted(Parts.IMAGE));
            tunnel.awaitNode("StatusUnreachable");
            assertThat(tunnel.only().state()).isEqualTo("Ready");

            tunnel.spec(sidecar());
            tunnel.awaitReady();
            tunnel.await("a connected tunnel", seen -> seen.tunnels().stream()
                    .allMatch(each -> "Connected".equals(each.state())));
        }
    }

    @Test
    void aNodeThatIsNotReadyIsNamedWhileItsTunnelMayRunOn() {
        String stop = System.getenv("E2E_NODE_STOP");
        String start = System.getenv("E2E_NODE_START");
        assumeTrue(stop != null && start != null, "no E2E_NODE_STOP and E2E_NODE_START");
        String node = stage.nodes().getLast();
        try (Tunnel tunnel =
                stage.tunnel("node-lost", sidecar().replace(stage.nodes().getFirst(), node))) {
            tunnel.awaitReady();

            Command.shell(stop + " " + node);
            try {
                stage.awaitNode(node, "Unknown");
                tunnel.awaitNode("NodeNotReady");
                tunnel.awaitCondition("Ready", "False", "NodeNotReady");
            } finally {
                Command.shell(start + " " + node);
            }
            stage.awaitNode(node, "True");
            tunnel.awaitReady();
        }
    }

    private String sidecar() {
        return """
                controlPlane: {url: "%s"}
                runnerToken: {secretRef: {name: wolf-token}}
                pod: {nodeSelector: {kubernetes.io/hostname: %s}}
                wolf:
                  address: localhost:8080
                  container: {image: "%s"}
                """.formatted(stage.controlPlane().url(), stage.nodes().getFirst(), Parts.IMAGE);
    }

    private int request(Tunnel tunnel) {
        return stage.controlPlane()
                .throughTunnel(tunnel.only().wolfId(), "/api/v1/apps")
                .statusCode();
    }
}
