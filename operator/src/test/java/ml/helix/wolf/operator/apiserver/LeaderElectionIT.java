package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.Main;
import ml.helix.wolf.operator.OperatorSettings;
import ml.helix.wolf.operator.WolfTunnelOperator;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.operator.leadership.LeaderElection;
import ml.helix.wolf.program.LogSettings;
import ml.helix.wolf.testkit.ProgramProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas, one Lease, real time. */
@ExtendWith(RealApiServer.class)
class LeaderElectionIT {
    private static final String IP = "127.0.0.21";
    private static final int MANY = 20;

    @TempDir
    private Path folder;

    private RealApiServer.Running server;
    private Testbed testbed;
    private FakeAgent agent;

    @BeforeEach
    void setUp(RealApiServer.Running running) {
        server = running;
        testbed = new Testbed(running);
        testbed.token("t");
        agent = new FakeAgent(IP, 0).connected("a1");
    }

    @AfterEach
    void tearDown() {
        testbed.close();
        agent.close();
    }

    @Test
    void stoppedLeaderIsReplacedLongBeforeItsLeaseWouldEnd() throws Exception {
        try (var leader = process()) {
            Eventually.holds(() -> assertThat(holder()).as(leader.toString()).isPresent());
            testbed.bringUp(agent, IP);
            try (var standby = new Replica(testbed.setup().electing())) {
                var before = version(testbed.resource());
                leader.terminate();
                assertThat(leader.awaitExit()).as("exit status").isZero();
                Eventually.holds(() -> assertThat(standby.leads()).isTrue());
                assertThat(readsUntilItLed(standby))
                        .as("one that was under way, and the next")
                        .isLessThanOrEqualTo(2);
                assertThat(leader.output()).contains("released the Lease").doesNotContain("lost the Lease");

                assertThat(version(testbed.resource())).isEqualTo(before);
                agent.connected("a1", 2, true);
                Eventually.holds(
                        () -> assertThat(testbed.tunnel("node-1").connects()).isEqualTo(2));
                Eventually.holds(() -> assertThat(standby.statusWrites()).isEqualTo(1));
            }
        }
    }

    @Test
    void leaderThatIsKilledDuringARolloutIsReplacedAndNothingIsDoneTwiceOrLost() throws Exception {
        var seen = new Statuses();
        try (var leader = process();
                var _ = testbed.admin
                        .resources(WolfTunnel.class)
                        .inNamespace(testbed.namespace)
                        .watch(seen)) {
            Eventually.holds(() -> assertThat(leader.isAlive() && holder().isPresent())
                    .as(leader.toString())
                    .isTrue());
            testbed.bringUp(agent, IP);
            var upBefore = version(testbed.resource());
            try (var standby = new Replica(testbed.setup().electing())) {
                applyMany(0, MANY / 2);
                Eventually.holds(() -> assertThat(daemonSets()).hasSizeGreaterThan(3));
                leader.kill();
                applyMany(MANY / 2, MANY);
                var made = daemonSets().stream()
                        .collect(Collectors.toMap(LeaderElectionIT::name, LeaderElectionIT::version));

                Eventually.holds(() -> assertThat(daemonSets()).hasSize(MANY + 1));
                assertThat(readsUntilItLed(standby))
                        .as("those within a Lease's duration, and one under way")
                        .isLessThanOrEqualTo(LeaderElection.LEASE_DURATION.dividedBy(LeaderElection.RETRY_PERIOD) + 3);
                Eventually.holds(() -> assertThat(seen.last()).hasSize(MANY + 1));

                server.awaitAudit();
                assertThat(standby.writes(server))
                        .filteredOn(write -> write.resource().equals("apps/daemonsets"))
                        .extracting(AuditedRequest::name)
                        .as("each DaemonSet is applied once")
                        .doesNotHaveDuplicates();
                assertThat(daemonSets()).allSatisfy(daemonSet -> {
                    assertThat(daemonSet.getMetadata().getGeneration()).isEqualTo(1);
                    if (made.containsKey(name(daemonSet))) {
                        assertThat(version(daemonSet)).isEqualTo(made.get(name(daemonSet)));
                    }
                });
                assertThat(version(testbed.resource()))
                        .as("nothing has changed for a tunnel that is up")
                        .isEqualTo(upBefore);
                assertThat(seen.stepsBack()).isEmpty();
            }
        }
    }

    @Test
    void leaderWhoseConnectionStallsStopsBeforeTheOtherLeads() throws Exception {
        var other = new AtomicReference<Replica>();
        var otherLedWhenItEnded = new CompletableFuture<Boolean>();
        try (var api = new FaultyApi(server.config());
                var cutOff = new Replica(
                        testbed.setup(api.config().build()).electing(),
                        () -> otherLedWhenItEnded.complete(other.get().leads()))) {
            Eventually.holds(() -> assertThat(cutOff.leads()).isTrue());
            try (var standby = new Replica(testbed.setup().electing())) {
                other.set(standby);
                testbed.bringUp(agent, IP);
                api.stall();
                Eventually.holds(() -> assertThat(otherLedWhenItEnded).isDone());
                assertThat(otherLedWhenItEnded).isCompletedWithValue(false);
                assertThat(cutOff.leads()).isFalse();
                Eventually.holds(() -> assertThat(standby.leads()).isTrue());
                api.resume();
            }
        }
    }

    @Test
    void operatorThatIsClosedBeforeItWorksTakesNoLease() throws Exception {
        var settings = new OperatorSettings(
                "agent:1", Set.of(testbed.namespace), true, Optional.empty(), Optional.empty(), LogSettings.DEFAULT);
        try (var client = new KubernetesClientBuilder()
                .withConfig(testbed.setup().config())
                .build()) {
            var operator = WolfTunnelOperator.standBy(client, settings, new PrometheusRegistry(), () -> {});
            operator.close();
            operator.work();
            assertThat(holder()).isEmpty();
        }
    }

    /** How often it read the Lease between the other replica's last write to it and its own first. */
    private long readsUntilItLed(Replica standby) {
        server.awaitAudit();
        var requests = server.audited().stream()
                .filter(request -> request.isOfLease() && request.namespace().equals(testbed.namespace))
                .toList();
        var untilItLed = requests.stream()
                .takeWhile(request -> !(request.agent().equals(standby.agent) && request.isWrite()))
                .toList();
        assertThat(untilItLed).as("it led").hasSizeLessThan(requests.size());
        return untilItLed.reversed().stream()
                .takeWhile(request -> !request.isWrite())
                .filter(request -> request.agent().equals(standby.agent))
                .count();
    }

    private void applyMany(int from, int to) {
        IntStream.range(from, to)
                .mapToObj(i -> testbed.admin
                        .getKubernetesSerialization()
                        .unmarshal(
                                WolfTunnelYaml.of(testbed.namespace, "many-" + i, "{}"),
                                GenericKubernetesResource.class))
                .forEach(resource -> testbed.admin.resource(resource).create());
    }

    private List<DaemonSet> daemonSets() {
        return testbed.admin
                .apps()
                .daemonSets()
                .inNamespace(testbed.namespace)
                .list()
                .getItems();
    }

    private Optional<String> holder() {
        return Optional.ofNullable(testbed.admin
                        .leases()
                        .inNamespace(testbed.namespace)
                        .withName("wolf-tunnel-operator")
                        .get())
                .map(lease -> lease.getSpec().getHolderIdentity());
    }

    /** The operator as a process of its own, as in a cluster, so that it can be killed. */
    private ProgramProcess process() throws Exception {
        var kubeconfig = Files.writeString(folder.resolve("kubeconfig"), server.kubeconfig());
        return ProgramProcess.start(
                Main.class,
                folder,
                Map.of(
                        "KUBECONFIG",
                        kubeconfig.toString(),
                        "KUBERNETES_NAMESPACE",
                        testbed.namespace,
                        "WATCH_NAMESPACES",
                        testbed.namespace,
                        "AGENT_IMAGE",
                        "agent:1",
                        "LEADER_ELECTION",
                        "true",
                        "OPERATOR_LISTEN",
                        "off"));
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getName();
    }

    private static String version(HasMetadata object) {
        return object.getMetadata().getResourceVersion();
    }

    /** The last status of each WolfTunnel, and what any later status has lost. */
    private static final class Statuses implements Watcher<WolfTunnel> {
        private final Map<String, WolfTunnelStatus> last = new ConcurrentHashMap<>();
        private final ConcurrentLinkedQueue<String> stepsBack = new ConcurrentLinkedQueue<>();

        @Override
        public void eventReceived(Action action, WolfTunnel resource) {
            var status = resource.getStatus();
            if (status == null) {
                if (last.containsKey(name(resource))) {
                    stepsBack.add(name(resource) + " lost its status");
                }
                return;
            }
            var before = last.put(name(resource), status);
            if (before != null) {
                if (status.tunnels().size() < before.tunnels().size()) {
                    stepsBack.add(name(resource) + " lost tunnels");
                }
                before.conditions().stream()
                        .filter(condition -> !condition.getReason().equals("NotKnown"))
                        .filter(condition -> status.conditions().stream()
                                .anyMatch(now -> now.getType().equals(condition.getType())
                                        && now.getReason().equals("NotKnown")))
                        .forEach(condition -> stepsBack.add(name(resource) + " forgot " + condition.getType()));
            }
        }

        Map<String, WolfTunnelStatus> last() {
            return last;
        }

        List<String> stepsBack() {
            return List.copyOf(stepsBack);
        }

        @Override
        public void onClose(WatcherException cause) {
            stepsBack.add("the watch broke: " + cause);
        }
    }
}
