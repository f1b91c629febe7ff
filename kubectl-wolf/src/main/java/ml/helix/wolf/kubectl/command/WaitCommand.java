package ml.helix.wolf.kubectl.command;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.kubectl.cluster.Cluster;
import ml.helix.wolf.kubectl.cluster.WolfTunnels;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.output.Progress;
import ml.helix.wolf.kubectl.status.Advice;
import ml.helix.wolf.kubectl.status.Goal;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code wait}. */
@Command(
        name = "wait",
        sortOptions = false,
        description = "Waits until a WolfTunnel is ready, and says meanwhile what is missing.")
final class WaitCommand implements Callable<Integer> {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Session session;
    private final ClusterFlags clusterFlags;

    @Parameters(paramLabel = "NAME", description = "A WolfTunnel")
    private String name = "";

    @Option(
            names = "--for",
            paramLabel = "GOAL",
            description =
                    "ready: all tunnels are up, with the newest spec (default). connected: all tunnels are up, also during a"
                            + " rollout")
    private Goal goal = Goal.ready;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "How long, for example 90s, 5m or 1h. Default: 5m; 0s looks once")
    private Duration timeout = Duration.ofMinutes(5);

    WaitCommand(Session session, ClusterFlags clusterFlags) {
        this.session = session;
        this.clusterFlags = clusterFlags;
    }

    @Override
    public Integer call() throws Failure, InterruptedException {
        Instant begin = session.clock().instant();
        try (Cluster cluster = clusterFlags.connect(session);
                var progress = new Progress(session.screen())) {
            var wolfTunnels = new WolfTunnels(cluster);
            while (true) {
                WolfTunnel wolfTunnel = wolfTunnels.get(name);
                Duration past = Duration.between(begin, session.clock().instant());
                if (goal.isReached(wolfTunnel)) {
                    progress.clear();
                    session.screen()
                            .out()
                            .println(wolfTunnel.namespace() + "/" + name + " is " + goal + ": " + wolfTunnel.summary());
                    return 0;
                } else if (past.compareTo(timeout) >= 0) {
                    progress.clear();
                    throw late(wolfTunnel);
                }
                progress.show(Goal.progress(wolfTunnel), past.toSeconds());
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            }
        }
    }

    private Failure late(WolfTunnel wolfTunnel) {
        String advice = Advice.ofThisBuild().about(wolfTunnel.ready().reason(), name);
        return new Failure(wolfTunnel.namespace() + "/" + name + " is not " + goal + " after " + timeout.toSeconds()
                + " s: " + Goal.progress(wolfTunnel) + (advice.isEmpty() ? "" : " → " + advice));
    }

    /** A duration as kubectl writes it. */
    static final class TimeConverter implements ITypeConverter<Duration> {
        private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(s|m|h)?");

        @Override
        public Duration convert(String text) {
            Matcher matcher = TIME.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("is no time: write 90s, 5m or 1h");
            }
            long count = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
                case "m" -> Duration.ofMinutes(count);
                case "h" -> Duration.ofHours(count);
                case null, default -> Duration.ofSeconds(count);
            };
        }
    }
}
