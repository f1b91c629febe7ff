package ml.helix.wolf.kubectl.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs neither a cluster nor a control plane. */
class UsageTest {
    private static Ran run(String line) {
        return Ran.plugin(Map.of(), line.split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "statsu",
                "status -A gpu-nodes",
                "status -o xml",
                "doctor",
                "wait gpu-nodes --timeout soon",
                "wait gpu-nodes --for=happy",
                "curl wolf-gpu-1",
                "curl wolf-gpu-1 /a -H nonsense",
                "port-forward wolf-gpu-1 many"
            })
    void badUsageHasStatusTwoAndOneSentenceAndNoOutput(String line) {
        Ran ran = run(line);

        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.err()).startsWith("kubectl-wolf: ").contains("--help");
        assertThat(ran.err().lines().count()).isLessThanOrEqualTo(4);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aWrongCommandNamesTheNearOne() {
        assertThat(run("statsu").err()).contains("status");
    }

    @Test
    void withoutACommandTheHelpIsPrinted() {
        Ran ran = Ran.plugin(Map.of());

        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("status", "doctor", "port-forward", "Exit status");
    }

    @Test
    void aControlPlaneNeedsAToken() {
        Ran ran = run("drain wolf-gpu-1 --control-plane http://127.0.0.1:1");

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("no admin token", "--token-file", "WOLF_ADMIN_TOKEN");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://a", "a", "http://user@a", "http://", "http://a b"})
    void aWrongUrlIsRefused(String url) {
        Ran ran = Ran.plugin(Map.of(), "drain", "x", "--control-plane", url);

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains(url);
    }

    @Test
    void bothShellsHaveACompletion() {
        assertThat(run("completion bash").out()).contains("complete -F _complete_kubectl-wolf");
        assertThat(run("completion zsh").out()).startsWith("autoload").contains("compdef");
    }

    @Test
    void kubectlIsToldCommandsFlagsAndValues() {
        assertThat(run("__complete sta").out()).isEqualTo("status\n:4\n");
        assertThat(run("__complete status --all").out()).isEqualTo("--all-namespaces\n:4\n");
        assertThat(Ran.plugin(Map.of(), "__complete", "wait", "x", "--for", "").out())
                .isEqualTo("ready\nconnected\n:4\n");
        assertThat(Ran.plugin(Map.of(), "__complete", "").out())
                .contains("doctor\n")
                .doesNotContain("--help");
    }
}
