package ml.helix.wolf.bench.controlplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.TestCertificates;

/** {@code bench/control-plane}: one control plane with thousands of agents; see bench/README.md. */
public final class Main {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int CALLERS = 256;

    private final Flags flags;
    private final int port = FreePort.choose();
    private final List<String> controlPlaneFlags = new ArrayList<>();
    private final Endpoint endpoint;
    private final Endpoint health = new Endpoint(FreePort.choose(), Optional.empty());
    private double bareMiB;

    private Main(Flags flags) throws IOException {
        this.flags = flags;
        controlPlaneFlags.addAll(List.of("-store", flags.store(), "-health-listen", "127.0.0.1:" + health.port()));
        Optional<SSLContext> tls = Optional.empty();
        if (flags.tls()) {
            var certificates = TestCertificates.in(Files.createTempDirectory("bench-tls"));
            TestCertificates.PemFiles pem = certificates.pemServer("server", "localhost");
            controlPlaneFlags.addAll(List.of(
                    "-tls-cert-file",
                    pem.certificate().toString(),
                    "-tls-key-file",
                    pem.key().toString()));
            tls = Optional.of(certificates.client());
        }
        endpoint = new Endpoint(port, tls);
    }

    public static void main(String[] arguments) throws Exception {
        Flags flags;
        try {
            flags = Flags.parse(Path.of(arguments[0]), Arrays.asList(arguments).subList(1, arguments.length));
        } catch (IllegalArgumentException e) {
            System.err.println("bench/control-plane: " + e.getMessage() + "\n" + Flags.USAGE);
            System.exit(2);
            return;
        }
        new Main(flags).run();
        System.exit(0);
    }

    private void run() throws IOException, InterruptedException {
        try (var controlPlane = start()) {
            bareMiB = residentMiB(controlPlane);
            print("RSS without agents", "%.0f MiB".formatted(bareMiB));
            long began = System.nanoTime();
            try (var fleet = new Fleet(flags.agents(), endpoint)) {
                try (var livez = new LivezProbe(endpoint);
                        var healthPort = new LivezProbe(health)) {
                    print("all connected at first", back(fleet, began));
                    print("… /livez meanwhile", livez.toString());
                    print("… /livez on its own port", healthPort.toString());
                }
                print(
                        "… processor until then",
                        "%.1f s".formatted(controlPlane.usage().cpuSeconds()));
                idle(controlPlane, "idle");
                memory(controlPlane);
                try (var heartbeats = new Heartbeats(flags.agents(), endpoint, flags.keep())) {
                    if (flags.keep()) {
                        TimeUnit.SECONDS.sleep(Heartbeats.INTERVAL.toSeconds()); // the first one opens the connection
                    }
                    long before = heartbeats.accepted();
                    double cores = idle(controlPlane, "idle, with heartbeats");
                    print(
                            "… heartbeats",
                            "%d accepted, %d failed, %.2f ms of the processor each"
                                    .formatted(
                                            heartbeats.accepted(),
                                            heartbeats.failed(),
                                            cores * flags.quiet() * 1000 / (heartbeats.accepted() - before)));
                    if (flags.keep()) {
                        memory(controlPlane);
                    }
                }
                load(controlPlane, fleet);
                print("RSS, most", mebibytes(controlPlane.usage().status("VmHWM")));
                restart(controlPlane, fleet);
            }
        }
    }

    private ControlPlaneProcess start() throws IOException, InterruptedException {
        return new ControlPlaneProcess(flags.root(), port, flags.memory(), controlPlaneFlags);
    }

    private double idle(ControlPlaneProcess controlPlane, String name) throws IOException, InterruptedException {
        double before = controlPlane.usage().cpuSeconds();
        TimeUnit.SECONDS.sleep(flags.quiet());
        double cores = (controlPlane.usage().cpuSeconds() - before) / flags.quiet();
        print(name + ": processor", "%.3f of a core".formatted(cores));
        return cores;
    }

    private void memory(ControlPlaneProcess controlPlane) throws IOException, InterruptedException {
        long heap = controlPlane.usage().heapInUse();
        double resident = residentMiB(controlPlane);
        print("heap after a collection", mebibytes(heap));
        print("RSS after a collection", "%.0f MiB".formatted(resident));
        print("RSS for each agent", "%.1f KiB".formatted((resident - bareMiB) * 1024 / flags.agents()));
        print("threads", String.valueOf(controlPlane.usage().status("Threads")));
        if (flags.histogram() > 0) {
            controlPlane
                    .usage()
                    .jcmd("GC.class_histogram")
                    .lines()
                    .limit(flags.histogram())
                    .forEach(System.out::println);
        }
    }

    private void load(ControlPlaneProcess controlPlane, Fleet fleet) throws IOException, InterruptedException {
        if (flags.rates().isEmpty()) {
            return;
        }
        int busy = Math.min(flags.busy(), flags.agents());
        new RequestLoad(endpoint, busy, flags.rates().getFirst(), flags.seconds()).run(CALLERS); // warms up
        for (int rate : flags.rates()) {
            fleet.takeFailedPickups();
            double before = controlPlane.usage().cpuSeconds();
            long began = System.nanoTime();
            RequestLoad.Result result = new RequestLoad(endpoint, busy, rate, flags.seconds()).run(CALLERS);
            double cores = (controlPlane.usage().cpuSeconds() - before) / ((System.nanoTime() - began) / 1e9);
            print(
                    "%,d requests/s through %d ids".formatted(rate, busy),
                    "%s; the control plane takes %.2f cores, %.2f ms for each request"
                            .formatted(result, cores, cores * 1000 / result.perSecond()));
            if (!fleet.takeFailedPickups().isEmpty()) {
                print("… failed pickups", fleet.takeFailedPickups().toString());
            }
            if (!result.kept()) {
                print("breaks at", "%,d requests/s".formatted(rate));
                return;
            }
        }
    }

    private void restart(ControlPlaneProcess killed, Fleet fleet) throws IOException, InterruptedException {
        fleet.takeFailedAttempts();
        long began = System.nanoTime();
        killed.kill();
        fleet.awaitNone();
        try (var again = start();
                var livez = new LivezProbe(endpoint);
                var healthPort = new LivezProbe(health)) {
            print("restart: killed → listens", seconds(began));
            print("restart: killed → all connected", back(fleet, began));
            print("restart: /livez meanwhile", livez.toString());
            print("restart: /livez on its own port", healthPort.toString());
            print(
                    "restart: processor until then",
                    "%.1f s".formatted(again.usage().cpuSeconds()));
            print("restart: RSS, most", mebibytes(again.usage().status("VmHWM")));
            memory(again);
        }
    }

    private String back(Fleet fleet, long began) throws InterruptedException {
        String text = "";
        for (int part : new int[] {50, 90, 99}) {
            if (fleet.await((int) (part / 100.0 * flags.agents()), LIMIT)) {
                text += part + " %: " + seconds(began) + ", ";
            }
        }
        boolean all = fleet.awaitAll(LIMIT);
        text += all ? "all: " + seconds(began) : "after " + seconds(began) + " only " + fleet.connected();
        Map<String, Long> failed = fleet.takeFailedAttempts();
        return text + "; failed attempts " + (failed.isEmpty() ? "0" : failed);
    }

    private static double residentMiB(ControlPlaneProcess controlPlane) throws IOException, InterruptedException {
        controlPlane.usage().heapInUse();
        return controlPlane.usage().status("VmRSS") / 1024.0;
    }

    private static String mebibytes(long kibibytes) {
        return "%.0f MiB".formatted(kibibytes / 1024.0);
    }

    private static String seconds(long since) {
        return "%.1f s".formatted((System.nanoTime() - since) / 1e9);
    }

    private void print(String name, String value) {
        System.out.printf("%-40s %s%n", name, value);
    }
}
