package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.StopSignals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program {@code control-plane}. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final Duration HEAP_INTERVAL = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(Main.class);

    private Main() {}

    /** See {@code control-plane -help}. */
    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> environment = System.getenv();
        System.exit(ControlPlaneSettings.PROGRAM.run(arguments, environment, System.out, System.err, given -> {
            var settings = ControlPlaneSettings.read(given, environment);
            Logs.configure(settings.logs());
            return serve(settings);
        }));
    }

    /** Serves until a signal. */
    private static int serve(ControlPlaneSettings settings) throws InterruptedException {
        var stop = new CountDownLatch(1);
        StopSignals.handle(stop::countDown);
        Optional<OldGeneration> heap = OldGeneration.ofThisProcess();
        try (var _ = ControlPlane.start(settings)) {
            while (!stop.await(HEAP_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                heap.ifPresent(OldGeneration::collectIfWorth);
            }
            log.info("Stopping");
            return 0;
        } catch (IOException e) {
            log.error("The control plane can't run: {}", e.getMessage());
            return 1;
        }
    }
}
