package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import ml.helix.wolf.program.LogFormat;
import ml.helix.wolf.program.LogLevel;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.program.Logs;

/** The demo. Exit status: 0 if every step succeeded or the demo was stopped, 2 for bad usage, else 1. */
public final class Main {
    private static final int PRINTED_LOGS = 3;
    /** Ctrl-C ends this process and its children at once: a failure within this time may come from it. */
    private static final Duration CTRL_C_DELAY = Duration.ofMillis(500);

    private final Screen screen = new Screen(System.out);
    private final OpenParts open = new OpenParts();
    private final DemoSettings settings;
    private final Path checkout;
    private final Path folder;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private volatile boolean keepFolder;

    private Main(DemoSettings settings, Path checkout) throws IOException {
        this.settings = settings;
        this.checkout = checkout;
        this.folder = Files.createTempDirectory("wolf-demo-");
    }

    /** The system property {@code demo.checkout} names the checkout whose programs run. */
    public static void main(String[] args) throws InterruptedException {
        Logs.configure(new LogSettings(LogLevel.ERROR, LogFormat.TEXT));
        System.exit(DemoSettings.PROGRAM.run(args, System.getenv(), System.out, System.err, given -> {
            DemoSettings settings = DemoSettings.of(given);
            Path checkout = Path.of(System.getProperty("demo.checkout", "")).toAbsolutePath();
            try {
                return new Main(settings, checkout).run();
            } catch (IOException e) {
                System.err.println("demo: cannot create a folder for its files: " + e.getMessage());
                return 1;
            }
        }));
    }

    private int run() {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::end));
        try {
            runSteps();
            return 0;
        } catch (DemoFailure e) {
            report(e);
        } catch (IOException | RuntimeException e) {
            report(new DemoFailure("the demo can't go on: " + e, DemoParts.logs(folder)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 1;
    }

    private void runSteps() throws DemoFailure, IOException, InterruptedException {
        screen.heading("Two GPU nodes stand behind NAT: nobody outside can reach their Wolfs. The parts of the demo:");
        DemoParts parts = new DemoStart(checkout, folder, settings, screen, open).start();
        DemoSteps steps = new DemoSteps(parts, screen);
        steps.applyWolfTunnel();
        steps.reachEachWolf();
        steps.drainAnInstance();
        steps.cutNodeOff();
        steps.restoreNetwork();
        if (settings.once()) {
            steps.deleteWolfTunnel();
            screen.heading("Every step succeeded, in %.0f s.".formatted(screen.seconds()));
            return;
        }
        AccessInstructions.print(parts, screen);
        while (!stopped.await(1, TimeUnit.SECONDS)) {
            parts.controlPlane().requireAlive();
            parts.operator().requireAlive();
        }
    }

    /** Prints a failure, unless Ctrl-C caused it. */
    private void report(DemoFailure failure) {
        try {
            if (stopped.await(CTRL_C_DELAY.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        screen.heading("FAILED: " + failure.getMessage());
        failure.logs().stream().limit(PRINTED_LOGS).forEach(screen::tail);
        if (!failure.logs().isEmpty()) {
            keepFolder = true;
            screen.heading("All logs are in " + folder);
        }
    }

    /** Runs on Ctrl-C and after every other end; leaves no process behind. */
    private void end() {
        stopped.countDown();
        open.close();
        if (!keepFolder) {
            deleteFolder();
        }
    }

    private void deleteFolder() {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            screen.heading("Not deleted: " + folder + " (" + e.getMessage() + ")");
        }
    }
}
