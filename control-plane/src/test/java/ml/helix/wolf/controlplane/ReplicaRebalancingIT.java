package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.PostgresServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Control connections that move when replicas are added. The test's seconds are shorter than real ones. */
@Timeout(120)
class ReplicaRebalancingIT {
    private static final int AGENTS = 120;

    private final List<TestControlPlane> replicas = new CopyOnWriteArrayList<>();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger moves = new AtomicInteger();
    private final ConcurrentLinkedQueue<TestAgent> agents = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> lost = new ConcurrentLinkedQueue<>();

    @Test
    void fromTwoReplicasToFourAllHoldTheirPartInTwoMinutesAndNoRequestIsLost() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        StoreSettings store = TestStore.postgres(PostgresServer.shared().createDatabase());
        try (FakeWolf wolf = FakeWolf.onLoopback().start()) {
            addReplicas(store, 2);
            for (int i = 0; i < AGENTS; i++) {
                connect(i, wolf.port());
            }
            awaitKnown();
            addReplicas(store, 2);
            awaitKnown();
            List<Integer> before = held();
            assertThat(isBalanced(before)).isFalse();
            var sent = new AtomicInteger();
            var stopping = new AtomicBoolean();
            Thread caller = Thread.ofVirtual().name("caller").start(() -> call(sent, stopping));
            int seconds = 0;
            while (seconds < 120 && !isBalanced(held())) {
                seconds++;
                int moved = moves.get();
                replicas.forEach(TestControlPlane::tick);
                eventually(
                        "moves are over",
                        () -> held().stream().mapToInt(Integer::intValue).sum() == AGENTS);
                if (moves.get() > moved) {
                    awaitKnown(); // as in a real second, in which each replica reads what the others hold
                }
            }
            stopping.set(true);
            caller.join();
            System.out.println("replicas: " + AGENTS + " agents from two to four replicas: " + before + " to " + held()
                    + " after " + seconds + " s and " + moves + " moves; " + sent + " requests, lost " + lost);
            assertThat(isBalanced(held())).isTrue();
            assertThat(lost).isEmpty();
            assertThat(sent.get()).isPositive();
        } finally {
            agents.forEach(TestAgent::close);
            replicas.forEach(TestControlPlane::close);
        }
    }

    private void addReplicas(StoreSettings store, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            replicas.add(TestControlPlane.replica(store, "-drain=0"));
        }
    }

    /** A load balancer gives each control connection to the next replica. */
    private void connect(int number, int wolf) throws IOException {
        int port = replicas.get(next.getAndIncrement() % replicas.size()).port();
        agents.add(TestAgent.connect(port, id(number), new TestAgent.Script() {
            @Override
            public void connReady(TestAgent agent, String connPath) throws IOException {
                TestAgent.splicing(wolf).connReady(agent, connPath);
            }

            @Override
            public void reconnect(TestAgent agent) throws IOException {
                moves.incrementAndGet();
                connect(number, wolf);
                agent.close();
            }
        }));
    }

    private static String id(int number) {
        return "wolf-moving-" + number;
    }

    private void awaitKnown() throws Exception {
        for (TestControlPlane replica : replicas) {
            eventually("each replica knows of all", () -> replica.activeConnections() == AGENTS);
        }
    }

    private List<Integer> held() throws Exception {
        List<Integer> held = new ArrayList<>();
        for (TestControlPlane replica : replicas) {
            held.add(replica.json(
                            replica.admin("/api/v1/revdial/stats?scope=local").build())
                    .path("activeConnections")
                    .asInt());
        }
        return held;
    }

    private static boolean isBalanced(List<Integer> held) {
        double mean = (double) AGENTS / held.size();
        return held.stream().allMatch(count -> Math.abs(count - mean) <= mean / 10);
    }

    private void call(AtomicInteger sent, AtomicBoolean stopping) {
        while (!stopping.get()) {
            var random = ThreadLocalRandom.current();
            TestControlPlane replica = replicas.get(random.nextInt(replicas.size()));
            try {
                var response = replica.send(replica.toWolf(id(random.nextInt(AGENTS)), "/api/v1/apps")
                        .build());
                if (response.statusCode() != 200) {
                    lost.add(response.statusCode() + " " + response.body());
                }
            } catch (IOException e) {
                lost.add(e.toString());
            } catch (InterruptedException e) {
                return;
            }
            sent.incrementAndGet();
        }
    }
}
