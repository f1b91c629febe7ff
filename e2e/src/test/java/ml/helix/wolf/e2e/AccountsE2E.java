package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Agents without a shared secret: a ServiceAccount token for each pod, which the control plane verifies by the cluster's keys. */
@ExtendWith(TestCluster.Resolver.class)
class AccountsE2E {
    private static final String NAMESPACE = "wolf-accounts";
    private static final String AUDIENCE = "wolf-control-plane";
    private static final String NAME = "accounts";
    /** How many rotations by the kubelet are awaited; unset or 0: none. */
    private static final String ROTATIONS = "E2E_TOKEN_ROTATIONS";
    /**
     * Of a token of 600 s, the shortest that Kubernetes gives. A kubelet asks for a new one at 80 % of that, within 10 s, at the
     * next sync of the pod, which comes within 90 s. Then the agent and the operator look every 5 s.
     */
    private static final int ROTATION_SECONDS = 600;

    private final TestCluster cluster;

    AccountsE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    @Test
    void aTokenStolenFromOneNodeOpensTheIdOfNoOther(@TempDir Path folder) throws Exception {
        assumeTrue(cluster.nodes().size() > 1, "the cluster has a single node");
        install(folder.toRealPath());
        var controlPlane = new ControlPlane(cluster.client(), NAMESPACE);
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(NAME, spec(controlPlane))) {
            wolfTunnel.awaitReady();
            Pod robbed = wolfTunnel.pods().getFirst();
            String node = robbed.getSpec().getNodeName();
            String other = cluster.nodes().stream()
                    .filter(each -> !each.equals(node))
                    .findFirst()
                    .orElseThrow();
            String token = tokenOf(robbed);
            try (LocalPortForward forward = controlPlane.forward();
                    HttpClient http = HttpClient.newHttpClient()) {
                int port = forward.getLocalPort();
                assertThat(heartbeat(http, port, node, token).statusCode()).isEqualTo(200);
                assertThat(heartbeat(http, port, other, token).statusCode()).isEqualTo(403);
                assertThat(connect(http, port, other, token).statusCode()).isEqualTo(403);
                assertThat(connect(http, port, node, token).statusCode())
                        .as("accepted, though it is no WebSocket")
                        .isNotIn(401, 403);
            }
            wolfTunnel.expectConnected();
        } finally {
            cluster.removeNamespace(NAMESPACE);
        }
    }

    /** Takes as long as the kubelet's tokens live, so it runs on request only. Nothing but time makes the tokens change. */
    @Test
    @Timeout(value = 100, unit = TimeUnit.MINUTES)
    @EnabledIfEnvironmentVariable(named = ROTATIONS, matches = "[1-9]", disabledReason = "takes 9 minutes a rotation")
    void eachTokenThatAKubeletRotatesIsTakenUnderLoadWithoutALostRequest(@TempDir Path folder) throws Exception {
        int rotations = Integer.parseInt(System.getenv(ROTATIONS));
        install(folder.toRealPath());
        var controlPlane = new ControlPlane(cluster.client(), NAMESPACE);
        try (AppliedWolfTunnel wolfTunnel = cluster.applyWolfTunnel(NAME, spec(controlPlane))) {
            wolfTunnel.awaitReady();
            List<String> agents = wolfTunnel.podInstances();
            Map<String, Long> connects = byNode(wolfTunnel, TunnelStatus::connects);
            try (LocalPortForward forward = controlPlane.forward();
                    var load = Load.steadyToEach(forward.getLocalPort(), cluster.nodes())) {
                for (int i = 1; i <= rotations; i++) {
                    Map<String, String> since = byNode(wolfTunnel, TunnelStatus::tokenSince);
                    int answered = load.answered();
                    wolfTunnel.startClock();
                    long began = System.nanoTime();
                    wolfTunnel.expectStatusWithin(
                            ROTATION_SECONDS,
                            new StatusExpectation("a later token at every agent", status -> status.tunnels().stream()
                                    .allMatch(each -> laterThan(since, each))));
                    load.awaitAnswers(20);
                    System.out.printf(
                            "e2e: rotation %d of a kubelet's tokens after %d s, now since %s: %d requests answered, %d failed;"
                                    + " longest, by Wolf: %s ms%n",
                            i,
                            (System.nanoTime() - began) / 1_000_000_000,
                            byNode(wolfTunnel, TunnelStatus::tokenSince),
                            load.answered() - answered,
                            load.failures().size(),
                            load.longestSince(began));
                }
                assertThat(load.failures()).isEmpty();
            }
            assertThat(wolfTunnel.podInstances()).isEqualTo(agents);
            assertThat(byNode(wolfTunnel, TunnelStatus::connects))
                    .isEqualTo(connects.entrySet().stream()
                            .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue() + rotations)));
            wolfTunnel.startClock();
            wolfTunnel.expectConnected();
        } finally {
            cluster.removeNamespace(NAMESPACE);
        }
    }

    private String spec(ControlPlane controlPlane) {
        return cluster.sidecarSpecOnEveryNode()
                        .replaceFirst("controlPlane: .*", "controlPlane: {url: \"" + controlPlane.url() + "\"}")
                        .replaceFirst(
                                "runnerToken: .*",
                                "runnerToken: {serviceAccountToken: {audience: " + AUDIENCE
                                        + ", expirationSeconds: 600}}")
                + "wolfId: {source: NodeName}\n";
    }

    private static <T> Map<String, T> byNode(AppliedWolfTunnel wolfTunnel, Function<TunnelStatus, T> member) {
        return new TreeMap<>(
                wolfTunnel.status().tunnels().stream().collect(Collectors.toMap(TunnelStatus::node, member)));
    }

    private static boolean laterThan(Map<String, String> since, TunnelStatus tunnel) {
        return tunnel.tokenSince() != null
                && Instant.parse(tunnel.tokenSince()).isAfter(Instant.parse(since.get(tunnel.node())));
    }

    private void install(Path folder) throws IOException {
        cluster.createNamespace(NAMESPACE);
        cluster.writeSecret(
                NAMESPACE,
                "wolf-control-plane-tokens",
                "runner",
                TestCluster.RUNNER_TOKEN,
                "admin",
                TestCluster.ADMIN_TOKEN);
        Path keys =
                Files.writeString(folder.resolve("jwks.json"), Command.kubectl("", "get", "--raw", "/openid/v1/jwks"));
        Command.kubectl("", "-n", NAMESPACE, "create", "configmap", "cluster-keys", "--from-file=" + keys);
        Files.writeString(folder.resolve("kustomization.yaml"), """
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: %s
                resources: ["%s"]
                patches:
                - target: {kind: Deployment}
                  patch: |
                    - op: add
                      path: /spec/template/spec/containers/0/env/-
                      value: {name: RUNNER_ISSUER, value: "%s"}
                    - op: add
                      path: /spec/template/spec/containers/0/env/-
                      value: {name: RUNNER_AUDIENCE, value: %s}
                    - op: add
                      path: /spec/template/spec/containers/0/env/-
                      value: {name: RUNNER_JWKS_FILE, value: /keys/jwks.json}
                    - op: add
                      path: /spec/template/spec/containers/0/volumeMounts/-
                      value: {name: keys, mountPath: /keys, readOnly: true}
                    - op: add
                      path: /spec/template/spec/volumes/-
                      value: {name: keys, configMap: {name: cluster-keys}}
                """.formatted(
                        NAMESPACE, folder.relativize(cluster.manifests(ControlPlane.MANIFESTS)), issuer(), AUDIENCE));
        Command.kubectl("", "apply", "-k", folder.toString());
        cluster.awaitRollout(NAMESPACE, "deployment/" + ControlPlane.NAME);
    }

    private static String issuer() {
        return Command.kubectl("", "get", "--raw", "/.well-known/openid-configuration")
                .replaceFirst("(?s).*\"issuer\":\"([^\"]+)\".*", "$1");
    }

    /** Of the same claims as the one in the pod: Kubernetes binds it to the pod and its node. */
    private static String tokenOf(Pod pod) {
        return Command.kubectl(
                        "",
                        "-n",
                        TestCluster.NAMESPACE,
                        "create",
                        "token",
                        NAME + "-tunnel-agent",
                        "--bound-object-kind=Pod",
                        "--bound-object-name=" + pod.getMetadata().getName(),
                        "--audience=" + AUDIENCE)
                .strip();
    }

    private static HttpResponse<String> heartbeat(HttpClient http, int port, String node, String token)
            throws Exception {
        return http.send(
                request(port, "/api/v1/wolf-instances/wolf-" + node + "/heartbeat", token)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString("{}"))
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpResponse<String> connect(HttpClient http, int port, String node, String token) throws Exception {
        return http.send(
                request(port, "/api/v1/revdial?runnerid=wolf-" + node, token).build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(int port, String path, String token) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Bearer " + token)
                .timeout(Duration.ofSeconds(10));
    }
}
