package ml.helix.wolf.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A WolfTunnel that is replaced or deleted while the operator cannot see it, and a clock that jumps. */
@ExtendWith(RealApiServer.class)
class MissedChangesIT {
    private static final String IP = "127.0.0.34";

    private Testbed testbed;
    private FaultyApi api;
    private FakeAgent agent;

    @BeforeEach
    void setUp(RealApiServer.Running running) {
        testbed = new Testbed(running);
        api = new FaultyApi(running.config());
        agent = new FakeAgent(IP, 0).connected("a1");
        testbed.token("t");
    }

    @AfterEach
    void tearDown() throws Exception {
        api.removeFaults();
        testbed.close();
        api.close();
        agent.close();
    }

    /** The list after the outage has another WolfTunnel of the same name and generation, and no deletion. */
    @Test
    void wolfTunnelThatReplacesAnotherWhileNoWatchRunsIsReconciled() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()));
        var replaced = new AtomicBoolean();
        api.rewriteRequests(head -> {
            if (!head.contains("watch=true") || !head.contains("/wolftunnels")) {
                return head;
            }
            return replaced.get() ? head.replaceFirst("resourceVersion=\\d+", "resourceVersion=1") : FaultyApi.TOO_MANY;
        });
        api.breakConnections();
        Eventually.holds(() -> assertThat(testbed.operator().notReady()).isPresent());
        testbed.delete();
        testbed.apply("{agent: {port: %d}}".formatted(agent.port()));
        replaced.set(true);
        Eventually.holds(() ->
                assertThat(testbed.resource().getStatus().observedGeneration()).isEqualTo(1));
    }

    @Test
    void agentsOfAWolfTunnelThatIsDeletedDuringItsPassAreNotPolled() throws Exception {
        tunnelIsUp(testbed.setup(api.config().build()).pollingFast());
        var applying = new CountDownLatch(1);
        var deleted = new CountDownLatch(1);
        api.rewriteRequests(head -> {
            if (head.startsWith("PATCH") && head.contains("/daemonsets/")) {
                applying.countDown();
                await(deleted);
            }
            return head;
        });
        testbed.apply("{agent: {port: %d, drainSeconds: 77}}".formatted(agent.port()));
        await(applying);
        testbed.admin
                .genericKubernetesResources("wolf.helix.ml/v1alpha1", "WolfTunnel")
                .inNamespace(testbed.namespace)
                .withName(Testbed.NAME)
                .delete();
        awaitNoPolls();
        long reports = statusWrites();
        deleted.countDown();
        Eventually.holds(() -> assertThat(statusWrites()).isGreaterThan(reports));
        awaitNoPolls();
    }

    private long statusWrites() {
        return api.requests().stream()
                .filter(request -> request.matches("PATCH .*/status\\?.*"))
                .count();
    }

    /** For as long as four polls take. */
    private void awaitNoPolls() throws Exception {
        Eventually.holds(() -> {
            int polls = agent.polls();
            LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            assertThat(agent.polls()).isEqualTo(polls);
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void clockThatJumpsAnHourWritesNothingAndKeepsTheOrderOfTimes() throws Exception {
        var clock = new AtomicReference<>(InstantSource.system());
        tunnelIsUp(testbed.setup().pollingFast().clock(() -> clock.get().instant()));
        testbed.awaitIdle();
        int before = testbed.writes().size();
        for (int hours : List.of(-1, 0, 1, 0)) {
            clock.set(InstantSource.offset(InstantSource.system(), Duration.ofHours(hours)));
            int polls = agent.polls();
            double passes = testbed.passes();
            testbed.touchSecret("hours", "h" + (hours + 1));
            Eventually.holds(() -> assertThat(testbed.passes()).isGreaterThan(passes));
            Eventually.holds(() -> assertThat(agent.polls()).isGreaterThan(polls));
        }
        assertThat(testbed.writes()).hasSize(before);

        clock.set(InstantSource.offset(InstantSource.system(), Duration.ofHours(-1)));
        var readySince = Instant.parse(testbed.condition("Ready").getLastTransitionTime());
        agent.failing("ConnectFailure", "refused");
        testbed.podSays("node-1", Testbed.running(IP, false));
        testbed.awaitCondition("Ready", "False ConnectFailure");
        assertThat(Instant.parse(testbed.condition("Ready").getLastTransitionTime()))
                .as("a later change has no earlier time")
                .isAfterOrEqualTo(readySince);
        assertThat(Instant.parse(testbed.tunnel("node-1").since())).isAfterOrEqualTo(readySince);
    }

    private void tunnelIsUp(Replica.Setup setup) throws Exception {
        testbed.operate(setup);
        testbed.bringUp(agent, IP);
    }
}
