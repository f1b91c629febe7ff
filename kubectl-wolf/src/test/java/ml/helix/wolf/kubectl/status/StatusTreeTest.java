package ml.helix.wolf.kubectl.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import ml.helix.wolf.kubectl.output.Style;
import org.junit.jupiter.api.Test;

class StatusTreeTest {
    private final Advice advice = Advice.ofThisBuild();

    private String tree(int columns, WolfTunnel... wolfTunnels) {
        return new StatusTree(advice, Style.PLAIN, columns, Scene.NOW).of(List.of(wolfTunnels));
    }

    @Test
    void eachNodeHasItsStateReasonAgeAndAdvice() {
        assertThat(tree(0, Scene.broken())).isEqualTo("""
                wolf/gpu-nodes  1/3 connected  Wolf 1/1 reachable  https://helix.example.com
                │  not ready: Unauthorized (somebody must act)
                ├─ gpu-3  Disconnected  Unauthorized    4m
                │    the control plane refuses the token
                │    → Put the right token into the Secret.
                ├─ gpu-2  Disconnected  ConnectFailure  2h
                │    no answer
                │    → Is the control plane up? Is there a firewall between?
                └─ gpu-1  Connected                     9d
                """);
    }

    @Test
    void aReasonThatNoNodeHasIsExplainedAtTheTop() {
        var wolfTunnel = Scene.wolfTunnel("""
                observedGeneration: 3
                summary: 0/1 connected
                conditions:
                - {type: Ready, status: "False", reason: Contested, message: another writer changes the DaemonSet}
                - {type: Stalled, status: "True", reason: Contested}
                """);

        assertThat(tree(0, wolfTunnel)).isEqualTo("""
                wolf/gpu-nodes  0/1 connected  https://helix.example.com
                   not ready: Contested (somebody must act)
                   another writer changes the DaemonSet
                   → Find the other writer: kubectl get daemonset gpu-nodes-tunnel-agent -o yaml --show-managed-fields.
                """);
    }

    @Test
    void aWolfTunnelThatNoOperatorHasSeenSaysSo() {
        assertThat(tree(0, Scene.wolfTunnel("observedGeneration: -1"))).contains("No operator has seen it yet.");
    }

    @Test
    void aStatusAboutAnOlderSpecSaysSo() {
        assertThat(tree(0, Scene.wolfTunnel("observedGeneration: 2")))
                .contains("The operator has not seen the newest change yet.");
    }

    @Test
    void adviceIsGivenOnceForEachReason() {
        var wolfTunnel = Scene.wolfTunnel("""
                observedGeneration: 3
                conditions: [{type: Ready, status: "False", reason: ConnectFailure}]
                tunnels:
                - {node: gpu-1, state: Disconnected, reason: ConnectFailure, message: no answer}
                - {node: gpu-2, state: Disconnected, reason: ConnectFailure, message: no answer}
                """);

        assertThat(tree(0, wolfTunnel)).containsOnlyOnce("→").contains("(recovers by itself)");
    }

    @Test
    void nodesThatTheStatusLeavesOutAreCounted() {
        var wolfTunnel = Scene.wolfTunnel("""
                observedGeneration: 3
                conditions: [{type: Ready, status: "True", reason: Connected}]
                tunnels: [{node: gpu-1, state: Connected}]
                omittedTunnels: 36
                """);

        assertThat(tree(0, wolfTunnel)).contains("├─ gpu-1").contains("└─ 36 more nodes");
    }

    @Test
    void linesFitTheTerminal() {
        assertThat(tree(60, Scene.broken()).lines().skip(1))
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(60));
    }

    @Test
    void textFromOutsideCannotMoveTheCursor() {
        var wolfTunnel = Scene.wolfTunnel("""
                observedGeneration: 3
                conditions: [{type: Ready, status: "False", reason: ConnectFailure}]
                tunnels: [{node: gpu-1, state: Disconnected, reason: ConnectFailure, message: "a\\e[2Jb"}]
                """);

        assertThat(tree(0, wolfTunnel)).doesNotContain("\u001b").contains("a\\u001b[2Jb");
    }

    @Test
    void coloursSurroundWordsOnATerminal() {
        assertThat(new StatusTree(advice, Style.COLOURED, 0, Scene.NOW).of(List.of(Scene.broken())))
                .contains("\u001b[32mConnected   \u001b[0m");
    }
}
