package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.StopSignals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program {@code control-plane}. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
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

    /** Returns only if the control plane can't run: a signal ends the process. */
    private static int serve(ControlPlaneSettings settings) throws InterruptedException {
        try {
            ControlPlane controlPlane = ControlPlane.start(settings);
            StopSignals.handle(() -> stop(controlPlane));
        } catch (IOException e) {
            log.error("The control plane can't run: {}", e.getMessage());
            return 1;
        }
        new CountDownLatch(1).await();
        return 1;
    }

    private static void stop(ControlPlane controlPlane) {
        log.info("Stopping");
        controlPlane.close();
        System.exit(0);
    }
}
