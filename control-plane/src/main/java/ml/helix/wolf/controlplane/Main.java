package ml.helix.wolf.controlplane;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.StopSignals;
import ml.helix.wolf.program.UsageException;
import ml.helix.wolf.program.Version;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program {@code control-plane}. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final Logger log = LoggerFactory.getLogger(Main.class);

    private Main() {}

    /** See {@code control-plane -help}. */
    public static void main(String[] arguments) throws InterruptedException {
        System.exit(run(arguments, System.getenv(), System.out, System.err));
    }

    /** The exit status. Where the control plane runs, this returns only if it can't: a signal ends the process. */
    private static int run(String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err)
            throws InterruptedException {
        Settings given = Settings.read(ControlPlaneSettings.PROGRAM, arguments, environment);
        if (given.helpWanted()) {
            out.print(ControlPlaneSettings.PROGRAM.usage());
            return 0;
        }
        try {
            if (given.command().equals("version")) {
                given.done();
                out.println(Version.text());
                return 0;
            }
            var settings = ControlPlaneSettings.read(given, environment);
            Logs.configure(settings.logLevel(), settings.logFormat());
            return serve(settings);
        } catch (UsageException e) {
            err.print(e.report(ControlPlaneSettings.PROGRAM));
            return 2;
        }
    }

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
