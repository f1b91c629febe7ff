package ml.helix.wolf.playground.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ProcessLauncherIT {
    @TempDir
    private Path folder;

    @Test
    void aProcessHasTheContainersEnvironmentItsArgumentsAndItsLog() throws Exception {
        ContainerLauncher.Running running = start("env; echo \"args: $*\"; exit 7", List.of("-a", "b c"));

        assertThat(running.exit().get(20, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(Files.readAllLines(log())).contains("RUNNER_TOKEN=hush", "args: -a b c");
        assertThat(Files.readAllLines(log()))
                .filteredOn(line -> line.contains("=") && !line.startsWith("PWD="))
                .allMatch(line -> line.matches("(PATH|HOME|JAVA_HOME|LANG|TMPDIR|TUNNEL_AGENT_JAVA_OPTS|RUNNER_TOKEN"
                        + "|SHLVL|_|OLDPWD)=.*"));
    }

    @Test
    void terminationIsASignalThatTheProcessMayAnswer() throws Exception {
        ContainerLauncher.Running running =
                start("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done", List.of());
        awaitUp();

        running.terminate();

        assertThat(running.exit().get(20, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void whatIgnoresTheSignalIsKilled() throws Exception {
        ContainerLauncher.Running running = start("trap '' TERM; echo up; while :; do sleep 0.05; done", List.of());
        awaitUp();

        running.terminate();
        running.kill();

        assertThat(running.exit().get(20, TimeUnit.SECONDS)).isEqualTo(137);
    }

    @Test
    void anUnknownImageIsNotStarted() throws IOException {
        assertThat(new ProcessLauncher(Map.of())
                        .start(new ContainerCommand("p", "c", "nothing", List.of(), Map.of(), log())))
                .isEmpty();
    }

    private ContainerLauncher.Running start(String script, List<String> arguments) throws IOException {
        Path program = Files.writeString(folder.resolve("program"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new ProcessLauncher(Map.of("agent:1", program))
                .start(new ContainerCommand("p", "c", "agent:1", arguments, Map.of("RUNNER_TOKEN", "hush"), log()))
                .orElseThrow();
    }

    private void awaitUp() throws Exception {
        while (!Files.exists(log()) || !Files.readString(log()).contains("up")) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private Path log() {
        return folder.resolve("logs").resolve("c.log");
    }
}
