package ml.helix.wolf.agent;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import ml.helix.wolf.agent.doctor.Doctor;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.StopSignals;
import ml.helix.wolf.program.UsageException;
import ml.helix.wolf.program.Version;
import org.slf4j.LoggerFactory;

/** The program {@code tunnel-agent}. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private Main() {}

    /** See {@code tunnel-agent -help}. */
    public static void main(String[] arguments) throws InterruptedException {
        System.exit(run(arguments, System.getenv(), System.out, System.err));
    }

    /** The exit status. Where the agent runs, this returns only if it can't start: a signal ends the process. */
    private static int run(String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err)
            throws InterruptedException {
        Settings given = Settings.read(AgentSettings.PROGRAM, arguments, environment);
        if (given.helpWanted()) {
            out.print(AgentSettings.PROGRAM.usage());
            return 0;
        }
        try {
            if (given.command().equals("version")) {
                given.done();
                out.println(Version.text());
                return 0;
            }
            var settings = AgentSettings.of(given, environment);
            Logs.configure(settings.logLevel(), settings.logFormat());
            // whatever Java-WebSocket has to say comes back to its caller, and its traces show headers
            ((Logger) LoggerFactory.getLogger("org.java_websocket")).setLevel(Level.OFF);
            return given.command().equals("doctor") ? examine(settings, out) : start(settings, err);
        } catch (UsageException e) {
            err.print(e.report(AgentSettings.PROGRAM));
            return 2;
        }
    }

    private static int examine(AgentSettings settings, PrintStream out) {
        var diagnosis = new Doctor(
                        settings.url(),
                        settings.proxy(),
                        settings.trust(),
                        settings.tokens(),
                        settings.runnerId(),
                        settings.local())
                .examine();
        out.print(settings.json() ? diagnosis.json() : diagnosis.table());
        return diagnosis.healthy() ? 0 : 1;
    }

    private static int start(AgentSettings settings, PrintStream err) throws InterruptedException {
        var agent = new Agent(settings);
        StopSignals.handle(() -> stop(agent));
        try {
            agent.start();
        } catch (IOException e) {
            err.println("tunnel-agent: " + e.getMessage());
            return 1;
        }
        new CountDownLatch(1).await(); // the agent's own threads keep no process alive
        return 1;
    }

    private static void stop(Agent agent) {
        try {
            agent.stop();
            System.exit(0);
        } catch (InterruptedException e) {
            System.exit(1);
        }
    }
}
