package ml.helix.wolf.playground.demo;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import ml.helix.wolf.program.LogFormat;
import ml.helix.wolf.program.LogLevel;
import ml.helix.wolf.program.Logs;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;

/** The demo: exit status 0 when all was seen or it was stopped, 2 for bad usage, 1 otherwise. */
public final class Main {
    private static final int LOGS = 3;

    private final Screen screen = new Screen(System.out);
    private final DemoSettings settings;
    private final Path folder;
    private final World world;

    private Main(DemoSettings settings, Path checkout) throws IOException {
        this.settings = settings;
        this.folder = Files.createTempDirectory("wolf-demo-");
        this.world = new World(checkout, folder, settings);
    }

    /** Runs it from the checkout that the system property {@code demo.checkout} names. */
    public static void main(String[] args) throws IOException {
        Logs.configure(LogLevel.ERROR, LogFormat.TEXT);
        Settings settings = Settings.read(DemoSettings.PROGRAM, args, System.getenv());
        if (settings.helpWanted()) {
            System.out.print(DemoSettings.PROGRAM.usage());
            return;
        }
        try {
            DemoSettings wanted = DemoSettings.of(settings);
            Path checkout = Path.of(System.getProperty("demo.checkout", "")).toAbsolutePath();
            System.exit(new Main(wanted, checkout).run());
        } catch (UsageException e) {
            System.err.print(e.report(DemoSettings.PROGRAM));
            System.exit(2);
        }
    }

    private int run() {
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> end(stopped)));
        try {
            screen.part("Two GPU nodes behind NAT, their Wolfs on ports that nobody outside can reach. Starting:");
            world.start(screen);
            Story story = new Story(world, screen);
            story.connects();
            story.answers();
            story.breaks();
            story.recovers();
            if (settings.once()) {
                story.leavesNothing();
                world.close();
                delete(folder);
                screen.part("All of it was seen, in %.0f s.".formatted(screen.seconds()));
                return 0;
            }
            new Guide(world, screen, folder).print();
            while (!stopped.await(1, TimeUnit.SECONDS)) {
                world.controlPlane().requireAlive();
                world.operator().requireAlive();
            }
            return 0;
        } catch (NotSeen e) {
            screen.part("NOT SEEN: " + e.getMessage());
            e.logs().stream().limit(LOGS).forEach(screen::tail);
            screen.part("Everything it wrote is in " + folder);
        } catch (IOException | UncheckedIOException | KubernetesClientException e) {
            screen.part("The demo can't go on: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 1;
    }

    /** Runs on Ctrl-C and after every other end; leaves no process behind. */
    private void end(CountDownLatch stopped) {
        stopped.countDown();
        world.close();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
