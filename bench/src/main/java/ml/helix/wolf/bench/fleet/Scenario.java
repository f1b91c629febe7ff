package ml.helix.wolf.bench.fleet;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import ml.helix.wolf.bench.fleet.FakeAgents.State;
import ml.helix.wolf.bench.fleet.OperatorProcess.Counts;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;

/** One size, a number of WolfTunnels with a number of nodes each: rolls it out, breaks things, leaves it alone, and measures the operator. */
final class Scenario {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final Path root;
    private final Cluster cluster;
    private final Statuses statuses;
    private final FakeAgents agents;
    private final int tunnels;
    private final int nodes;
    private final int tries;
    private final int quietSeconds;
    private final Figures figures;
    private final Random random = new Random(7);

    Scenario(
            Path root,
            Cluster cluster,
            Statuses statuses,
            FakeAgents agents,
            int tunnels,
            int nodes,
            int tries,
            int quietSeconds) {
        this.root = root;
        this.cluster = cluster;
        this.statuses = statuses;
        this.agents = agents;
        this.tunnels = tunnels;
        this.nodes = nodes;
        this.tries = tries;
        this.quietSeconds = quietSeconds;
        this.figures = new Figures(tunnels == 1 ? "1 × %,d".formatted(nodes) : "%,d × %,d".formatted(tunnels, nodes));
    }

    Figures run() throws Exception {
        try (var operator = new OperatorProcess(root, cluster.namespace)) {
            rollOut(operator);
            operator.awaitCalm(all());
            events(operator);
            quiet(operator);
            wolfGone();
            allAtOnce(operator);
            memory("", operator);
        }
        restart();
        return figures;
    }

    private int all() {
        return tunnels * nodes;
    }

    private String tunnel(int number) {
        return "fleet-" + number / nodes;
    }

    private void rollOut(OperatorProcess operator) throws Exception {
        figures.put("RSS, no tunnel yet (MiB)", mebibytes(operator.usage().status("VmRSS")));
        var before = operator.counts();
        Cluster.each(0, tunnels, t -> cluster.apply("fleet-" + t, agents.port(), "info"));
        for (int t = 0; t < tunnels; t++) {
            statuses.awaitGeneration(Cluster.agents("fleet-" + t), 1, PATIENCE);
        }
        Cluster.each(0, tunnels, t -> cluster.rolledOut("fleet-" + t, nodes, 0));
        Cluster.each(0, tunnels, t -> {
            var daemonSet = cluster.daemonSet("fleet-" + t);
            for (int n = t * nodes; tunnels > 1 && n < (t + 1) * nodes; n++) {
                cluster.makePod(daemonSet, "fleet-" + t, n);
            }
        });
        if (tunnels == 1) {
            var daemonSet = cluster.daemonSet("fleet-0");
            Cluster.each(0, nodes, n -> cluster.makePod(daemonSet, "fleet-0", n));
        }
        Cluster.each(0, all(), n -> cluster.podRuns(tunnel(n), n, true));
        Cluster.each(0, tunnels, t -> cluster.rolledOut("fleet-" + t, nodes, nodes));
        long last = System.nanoTime();
        for (int t = 0; t < tunnels; t++) {
            statuses.await("fleet-" + t, "Ready", PATIENCE, Statuses::ready);
        }
        figures.put("last pod ready → all tunnels Ready (s)", seconds(last));
        operator.awaitCalm(all());
        var done = operator.counts().since(before);
        figures.put("requests, first apply to Ready", "%,d".formatted(done.requests()));
        figures.put("… of these writes", "%,d".formatted(done.writes()));
        figures.put("requests per node", "%.2f".formatted((double) done.requests() / all()));
        figures.put("reconciliations", "%,d".formatted(done.reconciliations()));
        figures.put("requests per reconciliation", perReconciliation(done));
    }

    private static String perReconciliation(Counts done) {
        return "%.2f".formatted((double) done.requests() / Math.max(1, done.reconciliations()));
    }

    private void events(OperatorProcess operator) throws Exception {
        var before = operator.counts();
        repeat(
                "agent disconnects → its row says so (s)",
                n -> {
                    agents.set(n, State.DISCONNECTED);
                    cluster.podRuns(tunnel(n), n, false);
                },
                n -> Statuses.row(Cluster.node(n), "Disconnected", "ConnectFailure"));
        repeat(
                "node is lost → its row says so (s)",
                n -> cluster.nodeIsLost(tunnel(n), n),
                n -> Statuses.row(Cluster.node(n), "Connected", "NodeNotReady"));
        var done = operator.counts().since(before);
        figures.put("requests per such event and its end", "%.1f".formatted(done.requests() / (2.0 * tries)));
        specChanges(operator);
    }

    private interface Break {
        void node(int number);
    }

    private interface Sign {
        Predicate<WolfTunnelStatus> of(int number);
    }

    private void repeat(String name, Break how, Sign sign) throws Exception {
        var times = new ArrayList<Double>();
        for (int i = 0; i < tries; i++) {
            int number = random.nextInt(all());
            Thread.sleep(1_500);
            long began = System.nanoTime();
            how.node(number);
            statuses.await(tunnel(number), name, PATIENCE, sign.of(number));
            times.add((System.nanoTime() - began) / 1e9);
            agents.set(number, State.CONNECTED);
            cluster.podRuns(tunnel(number), number, true);
            statuses.await(tunnel(number), "Ready again", PATIENCE, Statuses::ready);
        }
        figures.put(name, medianAndWorst(times));
    }

    private void specChanges(OperatorProcess operator) throws Exception {
        var times = new ArrayList<Double>();
        var before = operator.counts();
        for (int i = 0; i < tries; i++) {
            int number = random.nextInt(all());
            long generation = cluster.daemonSet(tunnel(number)).getMetadata().getGeneration() + 1;
            var level = generation % 2 == 0 ? "debug" : "info";
            Thread.sleep(1_500);
            long began = System.nanoTime();
            long applied = cluster.apply(tunnel(number), agents.port(), level);
            statuses.awaitGeneration(Cluster.agents(tunnel(number)), generation, PATIENCE);
            times.add((System.nanoTime() - began) / 1e9);
            cluster.rolledOut(tunnel(number), nodes, nodes);
            statuses.await(
                    tunnel(number),
                    "Ready again",
                    PATIENCE,
                    status -> Statuses.hasSeen(status, applied) && Statuses.ready(status));
        }
        figures.put("spec changes → DaemonSet written (s)", medianAndWorst(times));
        figures.put(
                "requests per spec change",
                "%.1f".formatted(operator.counts().since(before).requests() / (double) tries));
    }

    /** A fault that only {@code /status} shows, and the agent's notice. Three nodes at once, because without a notice a round of polls may take a while. */
    private void wolfGone() throws Exception {
        var times = new ArrayList<Double>();
        var chosen = random.ints(0, all()).distinct().limit(Math.min(3, all())).toArray();
        long began = System.nanoTime();
        for (int number : chosen) {
            agents.set(number, State.WITHOUT_WOLF);
        }
        for (int number : chosen) {
            statuses.await(
                    tunnel(number),
                    "no Wolf",
                    PATIENCE,
                    Statuses.row(Cluster.node(number), "Connected", "WolfUnreachable"));
            times.add((System.nanoTime() - began) / 1e9);
        }
        for (int number : chosen) {
            agents.set(number, State.CONNECTED);
        }
        figures.put("Wolf gone → its row says so (s)", medianAndWorst(times));
    }

    /** As when the control plane restarts: every agent is disconnected, then connected again. */
    private void allAtOnce(OperatorProcess operator) throws Exception {
        var before = operator.counts();
        agents.takeRequests();
        for (int n = 0; n < all(); n++) {
            agents.set(n, State.DISCONNECTED);
        }
        Cluster.each(0, all(), n -> cluster.podRuns(tunnel(n), n, false));
        long last = System.nanoTime();
        for (int t = 0; t < tunnels; t++) {
            statuses.await("fleet-" + t, "all down", PATIENCE, status -> Integer.valueOf(0)
                    .equals(status.connected()));
        }
        figures.put("all agents down, last one → all counted (s)", seconds(last));
        for (int n = 0; n < all(); n++) {
            agents.set(n, State.CONNECTED);
        }
        Cluster.each(0, all(), n -> cluster.podRuns(tunnel(n), n, true));
        last = System.nanoTime();
        for (int t = 0; t < tunnels; t++) {
            statuses.await("fleet-" + t, "Ready again", PATIENCE, Statuses::ready);
        }
        figures.put("… and up again, last one → Ready (s)", seconds(last));
        var done = operator.counts().since(before);
        var asked = agents.takeRequests();
        figures.put("… status writes", "%,d".formatted(done.writes()));
        figures.put("… polls a second, most / at once", asked.mostInASecond() + " / " + asked.mostAtOnce());
    }

    private void quiet(OperatorProcess operator) throws Exception {
        operator.awaitCalm(all());
        agents.takeRequests();
        var before = operator.counts();
        double cpu = operator.usage().cpuSeconds();
        Thread.sleep(Duration.ofSeconds(quietSeconds));
        var done = operator.counts().since(before);
        var asked = agents.takeRequests();
        double minutes = quietSeconds / 60.0;
        figures.put("quiet: requests a minute", "%.1f".formatted(done.requests() / minutes));
        figures.put(
                "quiet: status writes", String.valueOf(done.of("wolf_operator_statuses_total", "written=\"true\"")));
        figures.put(
                "quiet: CPU seconds a minute",
                "%.1f".formatted((operator.usage().cpuSeconds() - cpu) / minutes));
        figures.put(
                "quiet: polls a second, mean / most",
                "%.1f / %d".formatted((double) asked.requests() / quietSeconds, asked.mostInASecond()));
        figures.put("quiet: polls at once, most", String.valueOf(asked.mostAtOnce()));
    }

    private void memory(String prefix, OperatorProcess operator) throws Exception {
        figures.put(prefix + "RSS (MiB)", mebibytes(operator.usage().status("VmRSS")));
        figures.put(prefix + "RSS, most (MiB)", mebibytes(operator.usage().status("VmHWM")));
        figures.put(prefix + "threads", String.valueOf(operator.usage().status("Threads")));
        if (prefix.isEmpty()) {
            figures.put(
                    "CPU seconds, whole run", "%.1f".formatted(operator.usage().cpuSeconds()));
            figures.put("status, most (bytes)", "%,d".formatted(statuses.largest()));
        }
        if (System.getenv("SCALE_NMT") != null) {
            System.out.println(operator.usage().jcmd("VM.native_memory", "summary"));
            System.out.println(operator.usage().jcmd("GC.heap_info"));
        }
        figures.put(
                prefix + "heap after a collection (MiB)",
                mebibytes(operator.usage().heapInUse()));
        if (System.getenv("SCALE_NMT") != null) {
            operator.usage().jcmd("GC.class_histogram").lines().limit(45).forEach(System.out::println);
            System.out.println(operator.usage().jcmd("Thread.print"));
        }
    }

    /** Another operator starts with everything already there. */
    private void restart() throws Exception {
        int writes = statuses.writes();
        agents.takeRequests();
        try (var operator = new OperatorProcess(root, cluster.namespace)) {
            figures.put("restart: start → ready (s)", "%.1f".formatted(operator.startedIn() / 1_000.0));
            operator.awaitCalm(all());
            var done = operator.counts();
            figures.put("restart: requests", "%,d".formatted(done.requests()));
            figures.put("restart: status writes", String.valueOf(statuses.writes() - writes));
            figures.put(
                    "restart: polls a second, most",
                    String.valueOf(agents.takeRequests().mostInASecond()));
            memory("restart: ", operator);
        }
    }

    private static String mebibytes(long kibibytes) {
        return String.valueOf(Math.round(kibibytes / 1024.0));
    }

    private static String seconds(long since) {
        return "%.1f".formatted((System.nanoTime() - since) / 1e9);
    }

    private static String medianAndWorst(List<Double> times) {
        var sorted = times.stream().sorted().toList();
        return "%.2f / %.2f".formatted(sorted.get(sorted.size() / 2), sorted.getLast());
    }
}
