package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/** Whatever happens between the operator and its API server, the status has all changes afterwards, by itself. */
@ExtendWith(RealApiServer.class)
@Isolated("Counts what the process logs, which is of all classes that run.")
class FaultsIT {
    private static final String IP = "127.0.0.31";

    private RealApiServer.Running server;
    private Testbed testbed;
    private FaultyApi api;
    private FakeAgent agent;
    private LogLines log;

    @BeforeEach
    void setUp(RealApiServer.Running running) {
        server = running;
        testbed = new Testbed(running);
        api = new FaultyApi(running.config());
        agent = new FakeAgent(IP, 0).connected("a1");
        testbed.token("t");
        log = new LogLines();
    }

    @AfterEach
    void tearDown() throws Exception {
        log.close();
        api.removeFaults();
        api.resume();
        testbed.close();
        api.close();
        agent.close();
    }

    @Test
    void killedApiServerIsFoundAgainAndReadyzSaysSoMeanwhile() throws Exception {
        try (var second = new SecondApiServer(server).start()) {
            tunnelIsUp(testbed.setup(second.config()));
            second.kill();
            Eventually.holds(() -> assertThat(testbed.operator().notReady())
                    .hasValueSatisfying(why -> assertThat(why).contains("no connection to the API server")));
            nodeIsLost();
            second.start();
            Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
            Eventually.holds(() -> assertThat(testbed.operator().notReady()).isEmpty());
            recovers();
            logIsShort();
        }
    }

    @Test
    void brokenConnectionsLoseNoChange() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        for (int round = 0; round < 3; round++) {
            api.breakConnections();
            nodeIsLost();
            api.breakConnections();
            Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
            api.breakConnections();
            recovers();
        }
        logIsShort();
    }

    @Test
    void watchThatBreaksInTheMiddleOfAnEventLosesNoChange() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        api.tearEvents(3);
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        api.removeFaults();
        recovers();
        logIsShort();
    }

    @Test
    void apiServerWithTooManyRequestsIsAskedAgainAfterItsRetryAfter() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        var refused = new AtomicInteger();
        api.rewriteRequests(head -> {
            boolean refuses = !head.contains("watch=true") && refused.getAndUpdate(n -> Math.min(4, n + 1)) < 4;
            return refuses ? FaultyApi.TOO_MANY : head;
        });
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(refused).hasValue(4);
        api.removeFaults();
        recovers();
        logIsShort();
    }

    @Test
    void watchesAndListsThatWereRefusedForTooManyRequestsReturn() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        api.rewriteRequests(head -> head.startsWith("GET") ? FaultyApi.TOO_MANY : head);
        api.breakConnections();
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.operator().notReady()).isPresent());
        api.removeFaults();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        Eventually.holds(() -> assertThat(testbed.operator().notReady()).isEmpty());
        recovers();
        logIsShort();
    }

    @Test
    void watchOfAnExpiredVersionBeginsAnew() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        var watches = new ConcurrentHashMap<String, Integer>();
        api.rewriteRequests(head -> {
            var path = head.substring(0, head.indexOf("HTTP/")).replaceFirst("\\?.*", "");
            return head.contains("watch=true") && watches.merge(path, 1, Integer::sum) <= 2
                    ? head.replaceFirst("GET \\S+", "GET " + EXPIRED)
                    : head;
        });
        api.breakConnections();
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason())
                .as(this::requestsAndLog)
                .isEqualTo("NodeNotReady"));
        for (var kind : List.of("wolftunnels", "daemonsets", "serviceaccounts", "pods", "secrets")) {
            Eventually.holds(
                    () -> assertThat(lists(kind)).as("lists of %s", kind).isGreaterThan(2));
        }
        api.removeFaults();
        recovers();
        logIsShort();
    }

    @Test
    void conflictsOnEachWriteOnlyDelayIt() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        var conflicts = new AtomicInteger();
        api.rewriteRequests(head -> head.startsWith("PATCH") && conflicts.getAndIncrement() < 3 ? CONFLICT : head);
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        assertThat(conflicts.get()).isGreaterThan(3);

        conflicts.set(0);
        testbed.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(
                        testbed.daemonSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(87));
        logIsShort();
    }

    @Test
    void anotherBusyWriterCausesNoDelayAndNoFurtherWrite() throws Exception {
        tunnelIsUp(testbed.setup());
        int before = testbed.writes().size();
        var over = new AtomicBoolean();
        var writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; !over.get(); i++) {
                var round = String.valueOf(i);
                Testbed.untilNoConflict(
                        () -> testbed.daemonSetResource().edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                                .editMetadata()
                                .addToAnnotations("other.example.com/round", round)
                                .endMetadata()
                                .build()));
                Testbed.untilNoConflict(() -> testbed.admin
                        .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                        .inNamespace(testbed.namespace)
                        .withName(Testbed.NAME)
                        .edit(resource -> annotated(resource, round)));
            }
        });
        testbed.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        Eventually.holds(() -> assertThat(
                        testbed.daemonSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
                .isEqualTo(87));
        testbed.rolledOut(1, 1);
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        over.set(true);
        writer.join();
        recovers();
        assertThat(testbed.writes().stream().skip(before))
                .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                .as("one change of the template, one write")
                .hasSize(1);
        logIsShort();
    }

    @Test
    void slowApiServerIsWaitedFor() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        api.delayRequests(Duration.ofSeconds(1));
        nodeIsLost();
        Eventually.holds(() -> assertThat(testbed.tunnel("node-1").reason()).isEqualTo("NodeNotReady"));
        recovers();
        logIsShort();
    }

    @Test
    void errorThatRepeatsForThirtySecondsIsARefusalWhateverItsCode() throws Exception {
        var clock = new AtomicReference<>(InstantSource.system());
        tunnelIsUp(testbed.setup(api.config().build()).clock(() -> clock.get().instant()));
        api.rewriteRequests(head -> head.startsWith("PATCH") && head.contains("/daemonsets/") ? QUANTITIES : head);
        testbed.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        int tried = refusedApplies();
        // The client tries three times in a pass, so the operator has seen the first refusal before the clock jumps.
        Eventually.holds(() -> assertThat(refusedApplies()).isGreaterThan(tried + 3));
        assertThat(testbed.statusAndReason("Ready")).as("the error may pass").isEqualTo("True Connected");
        assertThat(testbed.resource().getStatus().observedGeneration()).isEqualTo(1);
        Eventually.holds(() -> assertThat(testbed.operator().failedPasses()).isPositive());

        clock.set(InstantSource.offset(InstantSource.system(), Duration.ofSeconds(31)));
        testbed.awaitCondition("Stalled", "True ApplyRefused");
        assertThat(testbed.condition("Ready").getMessage())
                .contains("DaemonSet " + Testbed.AGENTS, "quantities must match the regular expression");
        assertThat(testbed.resource().getStatus().connected())
                .as("the agents run on")
                .isEqualTo(1);

        api.removeFaults();
        testbed.apply("{agent: {port: %d, drainSeconds: 78}}".formatted(agent.port()));
        testbed.awaitCondition("Ready", "False RollingOut");
        logIsShort();
    }

    private long lists(String kind) {
        return api.requests().stream()
                .filter(request -> request.matches("GET \\S+/" + kind + "(\\?\\S*)? .*"))
                .filter(request -> !request.contains("watch=true"))
                .count();
    }

    private int refusedApplies() {
        return (int) api.requests().stream()
                .filter(request -> request.matches("PATCH .*/daemonsets/.*"))
                .count();
    }

    /**
     * A watch that the API server answers as it answers any watch of an expired version. Of kinds that are older than the CRD, a
     * young API server still has all versions, and would send all events again.
     */
    private static final String EXPIRED = "/apis/wolf.helix.ml/v1alpha1/wolftunnels?watch=true&resourceVersion=1";

    private static final String QUANTITIES =
            "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                    + "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":500,"
                    + "\"message\":\"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\"}";

    private static final String CONFLICT =
            "HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                    + "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Conflict\",\"code\":409,"
                    + "\"message\":\"the object has been modified; please apply your changes to the latest version\"}";

    private static GenericKubernetesResource annotated(GenericKubernetesResource resource, String round) {
        resource.getMetadata().getAnnotations().put("other.example.com/round", round);
        return resource;
    }

    private void tunnelIsUp(Replica.Setup setup) throws Exception {
        testbed.operate(setup);
        testbed.bringUp(agent, IP);
    }

    private void nodeIsLost() {
        testbed.nodeIsLost("node-1", IP);
    }

    private void recovers() throws Exception {
        testbed.podSays("node-1", Testbed.running(IP, true));
        testbed.awaitUp(this::requestsAndLog);
    }

    private String requestsAndLog() {
        return "requests:\n%s\nlog:\n%s\nreason"
                .formatted(String.join("\n", api.requests()), String.join("\n", log.all()));
    }

    /** A few lines that say what is wrong, and no flood of them. The HTTP client may log two per broken watch. */
    private void logIsShort() {
        long watches = api.requests().stream()
                .filter(request -> request.contains("watch=true"))
                .count();
        assertThat(log.warnings())
                .filteredOn(line -> line.contains("JdkWebSocketImpl"))
                .hasSizeLessThanOrEqualTo((int) Math.max(20, 2 * watches));
        assertThat(log.warnings())
                .filteredOn(line -> !line.contains("VersionUsageUtils") && !line.contains("JdkWebSocketImpl"))
                .hasSizeLessThan(20);
    }
}
