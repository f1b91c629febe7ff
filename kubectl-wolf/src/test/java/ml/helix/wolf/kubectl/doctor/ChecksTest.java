package ml.helix.wolf.kubectl.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.kubectl.doctor.Finding.Outcome;
import ml.helix.wolf.kubectl.output.Style;
import ml.helix.wolf.kubectl.status.Advice;
import ml.helix.wolf.kubectl.status.Scene;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import org.junit.jupiter.api.Test;

class ChecksTest {
    private static final String FINE = """
            observedGeneration: 3
            conditions: [{type: Ready, status: "True", reason: Connected, message: all 1 tunnels are connected}]
            """;
    private static final Seen ABSENT = new Seen(404, yaml("{message: not found}"));
    private static final Seen FORBIDDEN = new Seen(403, yaml("{message: you cannot}"));
    private static final Seen TOKEN = secret("another-secret-token-of-the-plugins-tests");
    private static final Seen EMPTY = new Seen(200, yaml("{items: []}"));
    private static final Seen DAEMON_SET = new Seen(200, yaml("""
                    metadata: {ownerReferences: [{uid: u-1}]}
                    status: {desiredNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1}
                    """));
    private static final Seen PODS = new Seen(200, yaml("""
                    items:
                    - metadata: {name: a-1}
                      spec: {nodeName: gpu-1}
                      status: {phase: Running, containerStatuses: [{name: agent, ready: true, state: {running: {}}}]}
                    """));

    private static JsonNode yaml(String text) {
        try {
            return new ObjectMapper(new YAMLFactory()).readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Seen secret(String token) {
        return new Seen(
                200,
                yaml("{data: {token: " + Base64.getEncoder().encodeToString(token.getBytes(StandardCharsets.UTF_8))
                        + "}}"));
    }

    private static WolfTunnel wolfTunnel(String status) {
        WolfTunnel read = Scene.wolfTunnel(status);
        return WolfTunnel.of(yaml(read.json()
                .toString()
                .replace("\"generation\"", "\"uid\":\"u-1\",\"generation\"")
                .replace("\"wolfId\":{", "\"runnerToken\":{\"secretRef\":{\"name\":\"wolf-token\"}},\"wolfId\":{")));
    }

    private static Facts facts(String status, Seen secret, Seen policy, Seen trial, Seen set, Seen pods, Seen events) {
        return new Facts(
                wolfTunnel(status), Optional.of(secret), Optional.empty(), policy, trial, set, pods, events, Scene.NOW);
    }

    private static List<Finding> checks(Facts facts) {
        return Checks.of(facts, Advice.ofThisBuild());
    }

    private static Finding only(List<Finding> findings, String check) {
        return findings.stream()
                .filter(finding -> finding.check().equals(check))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatIsFineIsWell() {
        var report = new Report(
                "wolf/gpu-nodes", checks(facts(FINE, TOKEN, DAEMON_SET, DAEMON_SET, DAEMON_SET, PODS, EMPTY)));

        assertThat(report.isHealthy()).isTrue();
        assertThat(report.findings()).allMatch(finding -> finding.outcome() == Outcome.ok);
        assertThat(report.text(Style.PLAIN, 0)).endsWith("\nAll well.\n");
    }

    @Test
    void aTokenThatCannotBeSentFailsAndIsNotShown() {
        var finding = only(
                checks(facts(FINE, secret("two words"), DAEMON_SET, DAEMON_SET, DAEMON_SET, PODS, EMPTY)), "token");

        assertThat(finding.outcome()).isEqualTo(Outcome.failed);
        assertThat(finding.detail()).contains("has a space").doesNotContain("two words");
        assertThat(finding.advice()).isNotEmpty();
    }

    @Test
    void whatMayNotBeReadIsSkipped() {
        var findings = checks(facts(FINE, FORBIDDEN, DAEMON_SET, DAEMON_SET, FORBIDDEN, FORBIDDEN, FORBIDDEN));

        assertThat(List.of("token", "DaemonSet", "pods", "events"))
                .allSatisfy(check -> assertThat(only(findings, check).outcome()).isEqualTo(Outcome.skipped));
    }

    @Test
    void aRefusingPolicyIsQuoted() {
        var refused = new Seen(422, yaml("{message: controlPlaneUrls does not allow it}"));

        assertThat(only(checks(facts(FINE, TOKEN, DAEMON_SET, refused, DAEMON_SET, PODS, EMPTY)), "admission policy"))
                .satisfies(finding -> {
                    assertThat(finding.outcome()).isEqualTo(Outcome.warning);
                    assertThat(finding.detail()).contains("controlPlaneUrls does not allow it");
                });
    }

    @Test
    void aDaemonSetOfSomebodyElseFails() {
        var foreign = new Seen(200, yaml("{metadata: {}, status: {desiredNumberScheduled: 1}}"));

        assertThat(only(checks(facts(FINE, TOKEN, ABSENT, ABSENT, foreign, PODS, EMPTY)), "DaemonSet")
                        .detail())
                .contains("does not belong to this WolfTunnel");
    }

    @Test
    void aPodThatEndsAgainAndAgainIsNamedWithItsNode() {
        var pods = new Seen(200, yaml("""
                items:
                - metadata: {name: a-1}
                  spec: {nodeName: gpu-1}
                  status:
                    phase: Running
                    containerStatuses:
                    - name: agent
                      state: {waiting: {reason: CrashLoopBackOff}}
                      lastState: {terminated: {exitCode: 137, reason: OOMKilled}}
                """));

        assertThat(only(checks(facts(FINE, TOKEN, ABSENT, ABSENT, DAEMON_SET, pods, EMPTY)), "pod")
                        .detail())
                .isEqualTo("a-1 on gpu-1: container agent waits: CrashLoopBackOff; its last run ended with status 137"
                        + " (OOMKilled)");
    }

    @Test
    void onlyEventsOfThisWolfTunnelAreShownTheNewestFirst() {
        var events = new Seen(200, yaml("""
                items:
                - {involvedObject: {kind: Pod, name: other}, reason: Failed, message: no}
                - {involvedObject: {kind: Pod, name: a-1}, reason: Old, message: first, lastTimestamp: "2026-01-02T11:00:00Z"}
                - {involvedObject: {kind: Pod, name: a-1}, reason: New, message: second, lastTimestamp: "2026-01-02T11:59:00Z"}
                """));

        assertThat(checks(facts(FINE, TOKEN, ABSENT, ABSENT, DAEMON_SET, PODS, events)).stream()
                        .filter(finding -> finding.check().equals("event"))
                        .map(Finding::detail))
                .containsExactly("60s ago, Pod a-1: New: second", "60m ago, Pod a-1: Old: first");
    }

    @Test
    void theAgentsAnswerIsTakenOver() {
        var answer = yaml("""
                healthy: false
                checks:
                - {hop: name, outcome: ok, detail: 10.0.0.1}
                - {hop: token, outcome: failed, detail: the control plane refuses it}
                - {hop: upgrade, outcome: skipped, detail: not reached}
                """);
        var report = new Report("wolf/gpu-nodes", AgentDoctor.findings("gpu-1", 1, answer, ""));

        assertThat(report.isHealthy()).isFalse();
        assertThat(report.text(Style.PLAIN, 0)).isEqualTo("""
                wolf/gpu-nodes
                agent on gpu-1
                  ok       name              10.0.0.1
                  FAILED   token             the control plane refuses it
                  -        upgrade           not reached

                Failed: token on gpu-1.
                """);
    }

    @Test
    void anAgentThatCouldNotBeAskedIsNoFailure() {
        var findings = AgentDoctor.findings("gpu-1", 137, yaml("{}"), "a\nthe last line\n");

        assertThat(findings).singleElement().satisfies(finding -> {
            assertThat(finding.outcome()).isEqualTo(Outcome.skipped);
            assertThat(finding.detail()).contains("status 137", "memory limit", "the last line");
        });
    }
}
