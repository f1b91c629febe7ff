package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.util.Map;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import ml.helix.wolf.program.Version;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the control plane. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final Logger log = LoggerFactory.getLogger(Main.class);

    private Main() {}

    public static void main(String[] args) {
        Map<String, String> environment = System.getenv();
        Settings settings = Settings.read(ControlPlaneSettings.PROGRAM, args, environment);
        if (settings.helpWanted()) {
            System.out.print(ControlPlaneSettings.PROGRAM.usage());
        } else if (settings.command().equals("version")) {
            System.out.println(Version.text());
        } else {
            run(settings, environment);
        }
    }

    private static void run(Settings settings, Map<String, String> environment) {
        try {
            ControlPlaneSettings read = ControlPlaneSettings.read(settings, environment);
            Logs.configure(read.logLevel(), read.logFormat());
            ControlPlane controlPlane = ControlPlane.start(read);
            Runtime.getRuntime()
                    .addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> stop(controlPlane)));
        } catch (UsageException e) {
            System.err.print(e.report(ControlPlaneSettings.PROGRAM));
            System.exit(2);
        } catch (IOException e) {
            log.error("The control plane can't run: {}", e.getMessage());
            System.exit(1);
        }
    }

    /** Halts, since the status of a process that a signal ended would otherwise be the signal's. */
    private static void stop(ControlPlane controlPlane) {
        log.info("Stopping");
        controlPlane.close();
        Runtime.getRuntime().halt(0);
    }
}
