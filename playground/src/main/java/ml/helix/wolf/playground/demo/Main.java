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

/** The demo: exit status 0 when all was seen or it was stopped, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final int LOGS = 3;
    /** Ctrl-C reaches this process and the others at once: this long until it counts as the cause of their end. */
    private static final Duration NOTICE = Duration.ofMillis(500);

    private final Screen screen = new Screen(System.out);
    private final DemoSettings settings;
    private final Path folder;
    private final World world;
    private final CountDownLatch stopped = new CountDownLatch(1);

    private volatile boolean keep;

    private Main(DemoSettings settings, Path checkout) throws IOException {
        this.settings = settings;
        this.folder = Files.createTempDirectory("wolf-demo-");
        this.world = new World(checkout, folder, settings);
    }

    /** Runs it from the checkout that the system property {@code demo.checkout} names. */
    public static void main(String[] args) throws InterruptedException {
        Logs.configure(new LogSettings(LogLevel.ERROR, LogFormat.TEXT));
        System.exit(DemoSettings.PROGRAM.run(args, System.getenv(), System.out, System.err, given -> {
            DemoSettings settings = DemoSettings.of(given);
            Path checkout = Path.of(System.getProperty("demo.checkout", "")).toAbsolutePath();
            try {
                return new Main(settings, checkout).run();
            } catch (IOException e) {
                System.err.println("demo: no folder for its files: " + e.getMessage());
                return 1;
            }
        }));
    }

    private int run() {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::end));
        try {
            tell();
            return 0;
        } catch (NotSeen e) {
            failed(e);
        } catch (IOException | RuntimeException e) {
            failed(new NotSeen("the demo can't go on: " + e, world.logs()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 1;
    }

    private void tell() throws NotSeen, IOException, InterruptedException {
        screen.part("Two GPU nodes behind NAT: nobody outside can reach their Wolfs. The parts of the demo:");
        world.start(screen);
        Story story = new Story(world, screen);
        story.connects();
        story.answers();
        story.breaks();
        story.recovers();
        if (settings.once()) {
            story.leavesNothing();
            screen.part("All of it was seen, in %.0f s.".formatted(screen.seconds()));
            return;
        }
        new Guide(world, screen, folder).print();
        while (!stopped.await(1, TimeUnit.SECONDS)) {
            world.controlPlane().requireAlive();
            world.operator().requireAlive();
        }
    }

    /** Says what is missing, unless that is so because the demo is being stopped. */
    private void failed(NotSeen missing) {
        try {
            if (stopped.await(NOTICE.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        screen.part("NOT SEEN: " + missing.getMessage());
        missing.logs().stream().limit(LOGS).forEach(screen::tail);
        if (!missing.logs().isEmpty()) {
            keep = true;
            screen.part("Everything it wrote is in " + folder);
        }
    }

    /** Runs on Ctrl-C and after every other end; leaves no process behind. */
    private void end() {
        stopped.countDown();
        world.close();
        if (!keep) {
            delete();
        }
    }

    private void delete() {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            screen.part("Left behind: " + folder + " (" + e.getMessage() + ")");
        }
    }
}
