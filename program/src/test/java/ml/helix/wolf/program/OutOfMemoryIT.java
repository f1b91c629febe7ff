package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A process whose Java code, not its JVM, throws an OutOfMemoryError. */
@Timeout(60)
class OutOfMemoryIT {
    private static final String REASON = "unable to create native thread";

    @ParameterizedTest
    @ValueSource(strings = {"uncaught", "caught and logged", "a cause"})
    void theProcessEndsItselfWithStatus3(String how) throws Exception {
        Process process = start(how);

        String output = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(3);
        assertThat(output).contains("out of memory: " + REASON);
    }

    @Test
    void anotherFaultIsLoggedAndTheProcessGoesOn() throws Exception {
        Process process = start("another fault");

        String output = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(output).contains("A fault ended the thread").contains("another fault");
    }

    private static Process start(String how) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Breaking.class.getName(),
                        how)
                .start();
    }

    /** The program under test. */
    static final class Breaking {
        private Breaking() {}

        /** Goes on for ever after the error, unless something ends it. */
        public static void main(String[] arguments) throws InterruptedException {
            var program = new Program("breaking", "Breaks.", List.of(), Map.of("", ""));
            int status = program.run(new String[0], Map.of(), System.out, System.err, settings -> {
                Logs.configure(new LogSettings(LogLevel.INFO, LogFormat.TEXT));
                Thread thread = Thread.ofVirtual().name("broken").start(() -> fail(arguments[0]));
                thread.join();
                if (!arguments[0].equals("another fault")) {
                    new CountDownLatch(1).await();
                }
                return 0;
            });
            System.exit(status);
        }

        private static void fail(String how) {
            switch (how) {
                case "uncaught" -> throw new OutOfMemoryError(REASON);
                case "caught and logged" ->
                    LoggerFactory.getLogger("a.library").warn("It failed", new OutOfMemoryError(REASON));
                case "a cause" -> throw new IllegalStateException(new OutOfMemoryError(REASON));
                default -> throw new IllegalStateException(how);
            }
        }
    }
}
