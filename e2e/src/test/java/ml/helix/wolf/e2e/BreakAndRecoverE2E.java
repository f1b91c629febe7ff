package ml.helix.wolf.e2e;

import static ml.helix.wolf.e2e.StatusExpectation.condition;
import static ml.helix.wolf.e2e.StatusExpectation.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Each test breaks one thing. Within 15 s the status says what is broken, by a condition, and where, by the reason of
 * a node's tunnel, in the words of docs/status.md. When the cause is gone, the WolfTunnel is Ready again. No operator
 * restarts, and no agent whose template stays the same.
 */
@ExtendWith(TestCluster.Resolver.class)
class BreakAndRecoverE2E {
    private final TestCluster cluster;
    private List<String> operators = List.of();

    BreakAndRecoverE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    @BeforeEach
    void rememberOperators() {
        operators = TestCluster.podInstances(cluster.operatorPods());
    }

    @AfterEach
    void noOperatorWasRestarted() {
        assertThat(TestCluster.podInstances(cluster.operatorPods())).isEqualTo(operators);
    }

    @Test
    void aWrongTokenIsUnauthorizedUntilTheSecretIsCorrected() {
        cluster.writeSecret(TestCluster.NAMESPACE, "changing-token", "token", TestCluster.RUNNER_TOKEN);
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("wrong-token", cluster.sidecarSpec().replace("wolf-token", "changing-token"))) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(() -> cluster.writeSecret(TestCluster.NAMESPACE, "changing-token", "token", "wrong"));
            wolfTunnel.expectStatus(
                    condition("Authenticated", "False", "Unauthorized"),
                    condition("Ready", "False", "Unauthorized"),
                    condition("Stalled", "True", "Unauthorized"),
                    node("Unauthorized"));

            wolfTunnel.change(() ->
                    cluster.writeSecret(TestCluster.NAMESPACE, "changing-token", "token", TestCluster.RUNNER_TOKEN));
            wolfTunnel.expectConnected(condition("Authenticated", "True", "TokenAccepted"));
        }
    }

    @Test
    void aMissingSecretStallsTheWolfTunnelAndLeavesRunningPodsAlone() {
        removeToken("late-token");
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("late-token", cluster.sidecarSpec().replace("wolf-token", "late-token"))) {
            wolfTunnel.expectStatus(
                    condition("Ready", "False", "RunnerTokenMissing"),
                    condition("Stalled", "True", "RunnerTokenMissing"));

            wolfTunnel.change(
                    () -> cluster.writeSecret(TestCluster.NAMESPACE, "late-token", "token", TestCluster.RUNNER_TOKEN));
            wolfTunnel.expectConnected();

            List<String> agents = wolfTunnel.podInstances();
            wolfTunnel.change(() -> removeToken("late-token"));
            wolfTunnel.expectStatus(
                    condition("Stalled", "True", "RunnerTokenMissing"),
                    condition("Ready", "False", "RunnerTokenMissing"),
                    StatusExpectation.anyTunnel("a connected tunnel", each -> "Connected".equals(each.state())));
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
            assertThat(request(wolfTunnel)).isEqualTo(200);
        }
    }

    @Test
    void aControlPlaneThatIsDownIsAConnectFailure() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("control-plane-down", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();
            List<String> agents = wolfTunnel.podInstances();

            try {
                cluster.controlPlane().scale(0);
                // Not before the pod is gone. Its address may drop an attempt that has begun just then: 10 s.
                wolfTunnel.startClock();
                wolfTunnel.expectStatus(
                        condition("ControlPlaneReachable", "False", "ConnectFailure"), node("ConnectFailure"));
            } finally {
                wolfTunnel.change(() -> cluster.controlPlane().scale(1));
            }
            wolfTunnel.expectConnected(condition("ControlPlaneReachable", "True", "Reachable"));
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        }
    }

    @Test
    void anUnknownHostNameIsADnsFailure() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("dns", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(() -> wolfTunnel.applySpec(
                    cluster.sidecarSpec().replace(cluster.controlPlane().url(), "http://no-such-host.invalid:8080")));
            wolfTunnel.expectStatus(condition("ControlPlaneReachable", "False", "DnsFailure"), node("DnsFailure"));

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec()));
            wolfTunnel.expectConnected();
        }
    }

    @Test
    void anUntrustedCertificateIsATlsFailureUntilTheBundleIsCorrected() {
        Certificates certificates = Certificates.create(cluster);
        cluster.apply(StandInManifests.tlsProxy(cluster.controlPlane().address() + ":8080"));
        cluster.awaitPodsReady("stand-in", "tls-proxy");
        certificates.trustProxy();
        String url = "https://" + cluster.serviceIp("tls-proxy") + ":8443";
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(
                "bad-ca",
                cluster.sidecarSpec()
                        .replace(
                                "url: \"" + cluster.controlPlane().url() + "\"",
                                "url: \"" + url + "\", caBundleRef: {name: e2e-ca, key: ca.crt}"))) {
            wolfTunnel.awaitReady();

            wolfTunnel.changePods(certificates::trustOther);
            wolfTunnel.expectStatus(
                    condition("ControlPlaneReachable", "False", "TlsFailure"),
                    condition("Stalled", "True", "TlsFailure"),
                    node("TlsFailure"),
                    StatusExpectation.anyTunnel(
                            "a tunnel whose message names the bundle", each -> String.valueOf(each.message())
                                    .contains("unknown CA; put that CA into key ca.crt of ConfigMap e2e-ca")));

            wolfTunnel.change(certificates::trustProxy);
            wolfTunnel.expectConnected();
        } finally {
            cluster.removePod("tls-proxy");
        }
    }

    @Test
    void theEndAndTheReturnOfWolfAreSeenWithoutARequest() {
        cluster.apply(StandInManifests.wolfAtSocket(cluster.nodes().getFirst(), "rwxrwx---"));
        cluster.awaitPodsReady("wolf", "socket");
        try (AppliedWolfTunnel wolfTunnel =
                cluster.applyWolfTunnel("wolf-down", cluster.socketSpec("{supplementalGroups: [0]}"))) {
            wolfTunnel.awaitReady();
            List<String> agents = wolfTunnel.podInstances();

            wolfTunnel.change(() -> cluster.removePod("wolf-at-socket"));
            wolfTunnel.expectStatus(condition("WolfReachable", "False", "WolfUnreachable"), node("WolfUnreachable"));
            assertThat(request(wolfTunnel)).isEqualTo(502);

            cluster.apply(StandInManifests.wolfAtSocket(cluster.nodes().getFirst(), "rwxrwx---"));
            cluster.awaitPodsReady("wolf", "socket");
            wolfTunnel.startClock();
            wolfTunnel.expectStatus(condition("WolfReachable", "True", "Reachable"), StatusExpectation.allConnected());
            assertThat(request(wolfTunnel)).isEqualTo(200);
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        } finally {
            cluster.removePod("wolf-at-socket");
        }
    }

    @Test
    void anImageThatCannotBePulledIsReported() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("image-missing", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(() -> wolfTunnel.applySpec(
                    cluster.sidecarSpec() + "agent: {image: \"wolf-tunnel-agent:no-such-tag\"}\n"));
            wolfTunnel.expectStatus(
                    condition("AgentsAvailable", "False", "ImagePullBackOff"),
                    condition("Ready", "False", "ImagePullBackOff"),
                    node("ImagePullBackOff"));

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec()));
            wolfTunnel.expectConnected();
        }
    }

    @Test
    void aPodThatFitsNoNodeIsUnschedulable() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("unschedulable", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(() ->
                    wolfTunnel.applySpec(cluster.sidecarSpec() + "agent: {resources: {requests: {memory: 100Ti}}}\n"));
            wolfTunnel.expectStatus(
                    condition("AgentsAvailable", "False", "Unschedulable"),
                    condition("Ready", "False", "Unschedulable"),
                    node("Unschedulable"));

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec()));
            wolfTunnel.expectConnected();
        }
    }

    @Test
    void anAgentThatKeepsCrashingIsReported() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("crash-loop", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(() -> wolfTunnel.applySpec(
                    cluster.sidecarSpec() + "agent: {env: [{name: LOG_FORMAT, value: no-such-format}]}\n"));
            wolfTunnel.expectStatus(
                    condition("AgentsAvailable", "False", "CrashLoopBackOff"),
                    condition("Ready", "False", "CrashLoopBackOff"),
                    node("CrashLoopBackOff"));

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec()));
            wolfTunnel.expectConnected();
        }
    }

    @Test
    void anAgentWithoutStatusCountsByTheReadinessOfItsPod() {
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel("mute", cluster.sidecarSpec())) {
            wolfTunnel.awaitReady();

            wolfTunnel.change(
                    () -> wolfTunnel.applySpec(cluster.sidecarSpec() + """
                    agent:
                      image: "%s"
                      env: [{name: E2E_STAND_IN, value: agent-without-status}]
                    """.formatted(StandInManifests.IMAGE)));
            wolfTunnel.expectStatus(
                    condition("Ready", "True", "Connected"),
                    node("StatusUnreachable"),
                    StatusExpectation.anyTunnel(
                            "a connected tunnel whose message says that only readiness is known",
                            each -> "Connected".equals(each.state())
                                    && String.valueOf(each.message()).contains("by the pod's readiness alone")));

            wolfTunnel.change(() -> wolfTunnel.applySpec(cluster.sidecarSpec()));
            wolfTunnel.expectConnected();
        }
    }

    /**
     * The cluster needs its own grace period to call a node lost; the 15 s begin when the node's condition Ready says so. The
     * agent on it still answers: the same happens after an outage of the API server, when every node counts as lost for a
     * while.
     */
    @Test
    void aNodeThatIsNotReadyIsReportedAndItsAnsweringAgentStillCounts() {
        String stop = System.getenv("E2E_NODE_STOP");
        String start = System.getenv("E2E_NODE_START");
        assumeTrue(stop != null && start != null, "E2E_NODE_STOP and E2E_NODE_START are not set");
        String node = cluster.nodes().getLast();
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(
                "node-lost", cluster.sidecarSpec().replace(cluster.nodes().getFirst(), node))) {
            wolfTunnel.awaitReady();
            // The node controller changes the condition Ready only of pods that were ready.
            cluster.awaitPodsReady("app.kubernetes.io/instance", "node-lost");
            List<String> agents = wolfTunnel.podInstances();

            try {
                Command.shell(stop + " " + node);
                cluster.awaitNode(node, "Unknown");
                wolfTunnel.startClock();
                wolfTunnel.expectStatus(
                        condition("AgentsAvailable", "True", "AllAvailable"),
                        condition("Ready", "True", "Connected"),
                        node("NodeNotReady"));
            } finally {
                Command.shell(start + " " + node);
            }
            cluster.awaitNode(node, "True");
            wolfTunnel.startClock();
            wolfTunnel.expectConnected();
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
        }
    }

    private void removeToken(String name) {
        cluster.client()
                .secrets()
                .inNamespace(TestCluster.NAMESPACE)
                .withName(name)
                .delete();
    }

    private int request(AppliedWolfTunnel wolfTunnel) {
        return cluster.controlPlane()
                .throughTunnel(wolfTunnel.onlyTunnel().wolfId(), "/api/v1/apps")
                .statusCode();
    }
}
