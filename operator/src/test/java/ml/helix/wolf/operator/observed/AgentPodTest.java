package ml.helix.wolf.operator.observed;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Optional;
import ml.helix.wolf.operator.observed.ContainerState.Termination;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentPodTest {
    private static final String RUNNING = """
            metadata:
              name: p1
              uid: u1
              creationTimestamp: "2026-01-01T00:00:00Z"
              annotations: {big: text}
              labels: {app.kubernetes.io/instance: gpu-nodes, pod-template-generation: "3"}
              ownerReferences:
              - {apiVersion: v1, kind: Other, name: o, uid: o1}
              - {apiVersion: apps/v1, kind: DaemonSet, name: d, uid: d1, controller: true}
            spec:
              nodeName: n1
              tolerations: [{operator: Exists}]
              volumes: [{name: v, emptyDir: {}}]
              containers:
              - name: agent
                image: i
                env: [{name: A, value: B}]
                ports: [{name: status, containerPort: 9000}]
              - name: wolf
                image: w
            status:
              phase: Running
              podIP: 10.1.2.3
              conditions:
              - {type: Ready, status: "%s"}
              - {type: ContainersReady, status: "%s"}
              containerStatuses:
              - {name: agent, ready: true, restartCount: 7, image: i, imageID: i, state: {running: {}}}
              - name: wolf
                ready: false
                restartCount: 3
                image: w
                imageID: w
                state: {waiting: {reason: CrashLoopBackOff, message: back-off}}
                lastState: {terminated: {exitCode: 137, reason: OOMKilled}}
            """;

    @Test
    void runningPodIsRead() {
        var pod = AgentPod.of(pod(RUNNING.formatted("True", "True")));
        assertThat(pod.node()).isEqualTo("n1");
        assertThat(pod.ip()).isEqualTo("10.1.2.3");
        assertThat(pod.port()).isEqualTo(9000);
        assertThat(pod.ownerUid()).isEqualTo("d1");
        assertThat(pod.ready()).isTrue();
        assertThat(pod.agent().orElseThrow().running()).isTrue();
        assertThat(pod.containers().getLast())
                .isEqualTo(new ContainerState(
                        "wolf",
                        false,
                        false,
                        "",
                        "CrashLoopBackOff",
                        "back-off",
                        "w",
                        Optional.of(new Termination(137, "OOMKilled", ""))));
        assertThat(pod.templateGeneration()).isEqualTo("3");
    }

    @ParameterizedTest(name = "Ready {0}, ContainersReady {1}: lost {2}")
    @CsvSource({"True, True, false", "False, False, false", "False, True, true"})
    void nodeIsLostIfTheClusterCallsAPodUnreadyWhoseContainersAreReady(
            String ready, String containersReady, boolean lost) {
        assertThat(AgentPod.of(pod(RUNNING.formatted(ready, containersReady))).nodeLost())
                .isEqualTo(lost);
    }

    @Test
    void unscheduledPodSaysWhyAndForWhichNodeItIsMeant() {
        var pod = AgentPod.of(pod("""
                metadata: {name: p1, uid: u1}
                spec:
                  containers: [{name: agent}]
                  affinity:
                    nodeAffinity:
                      requiredDuringSchedulingIgnoredDuringExecution:
                        nodeSelectorTerms:
                        - matchFields: [{key: metadata.name, operator: In, values: [n7]}]
                status:
                  conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: no room}]
                """));
        assertThat(pod.node()).isEqualTo("n7");
        assertThat(pod.unschedulable()).isEqualTo("no room");
        assertThat(pod.port()).isZero();
        assertThat(pod.agent()).isEmpty();
    }

    @Test
    void podWithoutStatusIsRead() {
        var pod = AgentPod.of(pod("""
                metadata: {name: p1}
                spec: {containers: [{name: agent}]}
                """));
        assertThat(pod.ready()).isFalse();
        assertThat(pod.nodeLost()).isFalse();
        assertThat(pod.ip()).isEmpty();
    }

    @Test
    void strippedPodMeansTheSameAndHoldsNothingElse() {
        var full = pod(RUNNING.formatted("True", "True"));
        full.getMetadata().setNamespace("wolf");
        full.getMetadata().setResourceVersion("42");
        var before = AgentPod.of(full);
        var stripped = AgentPod.stripped(full);
        assertThat(stripped).isSameAs(full);
        assertThat(AgentPod.of(stripped)).isEqualTo(before);
        var metadata = stripped.getMetadata();
        assertThat(metadata.getResourceVersion()).isEqualTo("42");
        assertThat(metadata.getLabels()).containsOnlyKeys("app.kubernetes.io/instance");
        assertThat(metadata.getManagedFields()).isEmpty();
        assertThat(metadata.getAnnotations()).isEmpty();
        assertThat(stripped.getSpec()).isNull();
        assertThat(stripped.getStatus()).isNull();
    }

    @Test
    void lastLinesOfAContainerAreOneLineWithoutStackFramesAndBounded() {
        var log = "2026 INFO one\\n" + "x".repeat(1_000)
                + "\\ntunnel-agent: -log-format (LOG_FORMAT) must be text or json\\n\\tat a.b.C(D.java:1)\\n"
                + "tunnel-agent: -token (RUNNER_TOKEN) must be one line\\nRun 'tunnel-agent -help' for the flags.\\n";
        var pod = AgentPod.of(pod(RUNNING.formatted("True", "True")
                .replace("reason: OOMKilled", "reason: Error, message: \"" + log + "\"")));
        assertThat(pod.containers().getLast().termination().orElseThrow().message())
                .isEqualTo("tunnel-agent: -log-format (LOG_FORMAT) must be text or json;"
                        + " tunnel-agent: -token (RUNNER_TOKEN) must be one line");
    }

    @Test
    void restartCountsAloneChangeNothing() {
        var one = RUNNING.formatted("True", "True");
        assertThat(AgentPod.of(pod(one.replace("restartCount: 7", "restartCount: 8"))))
                .isEqualTo(AgentPod.of(pod(one)));
    }

    private static Pod pod(String yaml) {
        return new KubernetesSerialization().unmarshal("apiVersion: v1\nkind: Pod\n" + yaml, Pod.class);
    }
}
