package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.agent.Agent;
import ml.helix.wolf.agent.AgentSettings;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.PostgresServer;
import ml.helix.wolf.testkit.ProgramProcess;
import ml.helix.wolf.testkit.TcpRelay;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real agents behind a load balancer while replicas stop, start and die. Prints what it counts. {@code -Dreplicas.requests=100000}
 * goes on with restarts until that many requests were sent, {@code -Dreplicas.callers=16} sends them sooner, {@code
 * -Dreplicas.agents=200} has more agents; all need {@code -Djunit.jupiter.execution.timeout.mode=disabled}. With {@code
 * -Dreplicas.agent=COMMAND} the agents are those of another program: see {@link OtherAgent}.
 */
@Timeout(120)
class ReplicaRestartsIT {
    private static final int AGENTS = Integer.getInteger("replicas.agents", 20);
    private static final int REQUESTS = Integer.getInteger("replicas.requests", 0);
    private static final int CALLERS = Integer.getInteger("replicas.callers", 4);

    @TempDir
    Path folder;

    private final FakeWolf wolf = FakeWolf.onLoopback().start();
    private final List<Integer> ready = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> agents = new ArrayList<>();
    private final List<TestControlPlane> replicas = new ArrayList<>();
    private StoreSettings store;
    private TcpRelay spreader;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        store = TestStore.postgres(PostgresServer.shared().createDatabase());
        spreader = TcpRelay.spread(() -> List.copyOf(ready));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable agent : agents) {
            agent.close();
        }
        ready.clear();
        replicas.forEach(TestControlPlane::close);
        if (spreader != null) {
            spreader.close();
        }
        wolf.close();
    }

    private TestControlPlane startReplica() throws Exception {
        var replica = TestControlPlane.replica(store);
        replicas.add(replica);
        ready.add(replica.port());
        return replica;
    }

    private void startAgents() throws Exception {
        Map<String, String> environment = Map.of("RUNNER_TOKEN", TestControlPlane.RUNNER_TOKEN);
        for (int i = 0; i < AGENTS; i++) {
            if (OtherAgent.isGiven()) {
                agents.add(OtherAgent.start(folder, spreader.port(), "wolf-restarts-" + i, wolf.port()));
                continue;
            }
            String[] flags = {
                "-api-url",
                "http://127.0.0.1:" + spreader.port(),
                "-wolf-id",
                "restarts-" + i,
                "-local",
                "127.0.0.1:" + wolf.port(),
                "-listen",
                "off",
                "-register=false",
                "-drain",
                "0"
            };
            var agent =
                    new Agent(AgentSettings.of(Settings.read(AgentSettings.PROGRAM, flags, environment), environment));
            agents.add(agent);
            agent.start();
        }
    }

    private void awaitAll(TestControlPlane replica) throws Exception {
        for (int i = 0; i < AGENTS; i++) {
            int id = i;
            TestControlPlane.eventually("restarts-" + id + " is reachable", () -> reaches(replica, id));
        }
    }

    private static boolean reaches(TestControlPlane replica, int id) throws Exception {
        return replica.send(replica.toWolf("wolf-restarts-" + id, "/api/v1/apps")
                                .build())
                        .statusCode()
                == 200;
    }

    @Test
    void aRollingRestartLosesNoRequest() throws Exception {
        TestControlPlane first = startReplica();
        TestControlPlane second = startReplica();
        startAgents();
        awaitAll(first);
        var sent = new AtomicInteger();
        var lost = new ConcurrentLinkedQueue<String>();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(Thread.ofVirtual().name("caller").start(() -> call(sent, lost)));
        }
        var running = new ArrayDeque<TestControlPlane>(List.of(first, second));
        int restarts = 0;
        while (restarts < 2 || sent.get() < REQUESTS) {
            running.addLast(startReplica());
            TestControlPlane old = running.removeFirst();
            ready.remove(Integer.valueOf(old.port())); // the load balancer sees that it is not ready
            old.close();
            restarts++;
        }
        callers.forEach(Thread::interrupt);
        for (Thread caller : callers) {
            caller.join();
        }
        System.out.println("replicas: " + sent + " requests during " + restarts + " restarts of two replicas, lost "
                + lost.size() + " " + lost.stream().limit(5).toList());
        assertThat(lost).isEmpty();
        assertThat(sent.get()).isGreaterThan(100);
    }

    private void call(AtomicInteger sent, ConcurrentLinkedQueue<String> lost) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + spreader.port()
                                + TestControlPlane.proxied("wolf-restarts-" + i % AGENTS, "/api/v1/apps")))
                        .header("Authorization", "Bearer " + TestControlPlane.ADMIN_TOKEN)
                        .timeout(Duration.ofSeconds(40))
                        .build();
                try {
                    var response = client.send(request, BodyHandlers.ofString());
                    sent.incrementAndGet();
                    if (response.statusCode() != 200) {
                        lost.add(response.statusCode() + " " + response.body());
                    }
                } catch (java.io.IOException e) {
                    sent.incrementAndGet();
                    lost.add(String.valueOf(e));
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    @Test
    void afterAKillEveryIdIsReachableAgain() throws Exception {
        int port = FreePort.choose();
        Map<String, String> environment = Map.of(
                "RUNNER_TOKEN", TestControlPlane.RUNNER_TOKEN,
                "ADMIN_TOKEN", TestControlPlane.ADMIN_TOKEN,
                "CONTROL_PLANE_STORE_PASSWORD", store.password().read());
        try (var killed = ProgramProcess.start(
                Main.class,
                folder,
                environment,
                "-listen=127.0.0.1:" + port,
                "-peer-listen=127.0.0.1:0",
                "-store=" + store.url(),
                "-store-user=" + store.user())) {
            TestControlPlane survivor = startReplica();
            TestControlPlane.eventually(
                    "the other one serves", () -> killed.output().contains("Serving HTTP"));
            ready.add(port);
            startAgents();
            awaitAll(survivor);
            Matcher replica = Pattern.compile("This is replica (\\w+)").matcher(killed.output());
            assertThat(replica.find()).isTrue();
            List<Integer> orphans = heldBy(replica.group(1), survivor);
            ready.remove(Integer.valueOf(port));
            killed.kill();
            long start = System.nanoTime();
            List<Thread> callers = new ArrayList<>();
            var seconds = new ConcurrentLinkedQueue<Double>();
            for (int id : orphans) {
                callers.add(Thread.ofVirtual().start(() -> {
                    try {
                        if (reaches(survivor, id)) {
                            seconds.add((System.nanoTime() - start) / 1e9);
                        }
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }));
            }
            for (Thread caller : callers) {
                caller.join();
            }
            List<Double> sorted = seconds.stream().sorted().toList();
            assertThat(sorted).hasSize(orphans.size()).isNotEmpty();
            System.out.printf(
                    "replicas: kill -9 of a replica with %d of %d agents: all reachable again, p50 %.1f s, p99 %.1f s%n",
                    orphans.size(),
                    AGENTS,
                    sorted.get(sorted.size() / 2),
                    sorted.get((int) Math.ceil(sorted.size() * 0.99) - 1));
        }
    }

    /** The agents that a replica holds. */
    private static List<Integer> heldBy(String replica, TestControlPlane asked) throws Exception {
        List<Integer> held = new ArrayList<>();
        for (int i = 0; i < AGENTS; i++) {
            String path = "/api/v1/wolf-instances/wolf-restarts-" + i;
            if (asked.json(asked.admin(path).build()).path("replica").asText().equals(replica)) {
                held.add(i);
            }
        }
        return held;
    }
}
