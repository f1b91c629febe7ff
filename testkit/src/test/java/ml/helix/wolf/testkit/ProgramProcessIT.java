package ml.helix.wolf.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ProgramProcessIT {
    private static final Duration LONG = Duration.ofSeconds(50);

    @TempDir
    Path folder;

    @Test
    void whatItPrintsIsReadAndItsStatusAwaited() throws Exception {
        try (var program = ProgramProcess.start(Greeting.class, folder, Map.of("NAME", "Wolf"), "Hello")) {
            assertThat(program.awaitExit()).isEqualTo(7);
            assertThat(program.output()).isEqualTo("Hello Wolf\nand an error\n");
            assertThat(program.isAlive()).isFalse();
        }
    }

    @Test
    void oneThatStopsInTimeIsNotKilled() throws Exception {
        try (var program = shell("trap 'kill $!; exit 5' TERM; tail -f /dev/null & echo ready; wait")) {
            program.stop(LONG);

            assertThat(program.exitStatus()).isEqualTo(5);
        }
    }

    @Test
    void oneThatDoesNotStopIsKilledAfterTheGrace() throws Exception {
        try (var program = shell("trap '' TERM; echo ready; exec tail -f /dev/null")) {
            program.stop(Duration.ofMillis(100));

            assertThat(program.exitStatus()).isEqualTo(128 + 9);
        }
    }

    @Test
    void oneThatStillRunsIsKilledAtClose() throws Exception {
        var program = shell("echo ready; exec tail -f /dev/null");
        assertThat(program.isAlive()).isTrue();
        assertThat(program.proc("status")).contains("Pid:\t" + program.pid() + "\n");

        program.close();

        assertThat(program.exitStatus()).isEqualTo(128 + 9);
    }

    private ProgramProcess shell(String script) throws IOException {
        var program = ProgramProcess.start(new ProcessBuilder("sh", "-c", script), folder.resolve("logs/shell.log"));
        while (!program.output().contains("ready")) {
            LockSupport.parkNanos(1_000_000);
        }
        return program;
    }

    /** The program under test. */
    static final class Greeting {
        private Greeting() {}

        public static void main(String[] arguments) {
            System.out.println(arguments[0] + " " + System.getenv("NAME"));
            System.err.println("and an error");
            System.exit(7);
        }
    }
}
