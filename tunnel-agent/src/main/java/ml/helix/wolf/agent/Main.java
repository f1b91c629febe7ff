package ml.helix.wolf.agent;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import ml.helix.wolf.agent.doctor.Doctor;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.StopSignals;

/** The program {@code tunnel-agent}. Exit status: 0 after a clean stop, 2 for bad usage, 1 otherwise. */
public final class Main {
    private Main() {}

    /** See {@code tunnel-agent -help}. */
    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> environment = System.getenv();
        System.exit(AgentSettings.PROGRAM.run(arguments, environment, System.out, System.err, given -> {
            var settings = AgentSettings.of(given, environment);
            Logs.configure(settings.logs());
            // Java-WebSocket reports all failures to its caller, and its trace lines show the token's header
            Logs.silence("org.java_websocket");
            return given.command().equals("doctor") ? examine(settings) : run(settings);
        }));
    }

    private static int examine(AgentSettings settings) {
        var diagnosis = new Doctor(
                        settings.controlPlanes(),
                        settings.trust(),
                        settings.tokens(),
                        settings.runnerId(),
                        settings.local())
                .examine();
        System.out.print(settings.json() ? diagnosis.json() : diagnosis.table());
        return diagnosis.healthy() ? 0 : 1;
    }

    /** Runs the agent until a signal. */
    private static int run(AgentSettings settings) throws InterruptedException {
        var stop = new CountDownLatch(1);
        StopSignals.handle(stop::countDown);
        var agent = new Agent(settings);
        try {
            agent.start();
        } catch (IOException e) {
            System.err.println("tunnel-agent: " + e.getMessage());
            return 1;
        }
        stop.await();
        agent.stop();
        return 0;
    }
}
