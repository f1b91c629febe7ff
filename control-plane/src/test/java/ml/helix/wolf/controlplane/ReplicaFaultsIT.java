package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.TestControlPlane.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.testkit.FakeWolf;
import ml.helix.wolf.testkit.FreePort;
import ml.helix.wolf.testkit.PostgresServer;
import ml.helix.wolf.testkit.ProgramProcess;
import ml.helix.wolf.testkit.TcpRelay;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two replicas of which one hangs, loses the database, or is cut off from everything. The first one's way to the database and the
 * other one's way to the first lead through relays. A lease is made to run out by writing an old one.
 */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplicaFaultsIT {
    private final List<TestAgent> agents = new ArrayList<>();
    private FakeWolf wolf;
    private PostgresServer database;
    private String url;
    private TcpRelay wayToDatabase;
    private TcpRelay wayToFirst;
    private TestControlPlane first;
    private TestControlPlane second;

    @BeforeAll
    void start() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        wolf = FakeWolf.onLoopback().start();
        database = PostgresServer.start();
        url = database.createDatabase();
        wayToDatabase = TcpRelay.start(new InetSocketAddress("127.0.0.1", database.port()));
        int peerPort = FreePort.choose();
        wayToFirst = TcpRelay.start(new InetSocketAddress("127.0.0.1", peerPort));
        first = TestControlPlane.start(
                TestStore.postgres(url.replace(":" + database.port(), ":" + wayToDatabase.port())),
                "-pool=0",
                "-peer-listen=127.0.0.1:" + peerPort,
                "-peer-address=127.0.0.1:" + wayToFirst.port());
        second = TestControlPlane.replica(TestStore.postgres(url));
    }

    @AfterEach
    void mend() throws Exception {
        database.resume();
        wayToDatabase.flow();
        wayToFirst.flow();
        agents.forEach(TestAgent::close);
        agents.clear();
    }

    @AfterAll
    void close() throws Exception {
        if (database == null) {
            return;
        }
        second.close();
        first.close();
        wayToFirst.close();
        wayToDatabase.close();
        database.close();
        wolf.close();
    }

    private TestAgent connect(int port, String runnerId) throws Exception {
        var agent = TestAgent.connect(port, runnerId, TestAgent.splicing(wolf.port()));
        agents.add(agent);
        return agent;
    }

    private static int status(TestControlPlane replica, String runnerId) throws Exception {
        return replica.send(replica.toWolf(runnerId, "/api/v1/apps").build()).statusCode();
    }

    private static void awaitReachable(String runnerId, TestControlPlane... from) throws Exception {
        for (TestControlPlane replica : from) {
            eventually(runnerId + " is reachable", () -> status(replica, runnerId) == 200);
        }
    }

    /** A request that waits for the runner to come back. */
    private static CompletableFuture<Integer> waiting(TestControlPlane replica, String runnerId) throws Exception {
        CompletableFuture<Integer> answer = Waiting.async(() -> status(replica, runnerId));
        eventually(
                "its dial waits",
                () -> replica.json(replica.admin("/api/v1/revdial/stats").build())
                                .path("pendingDialsTotal")
                                .asInt()
                        == 1);
        return answer;
    }

    private void expireLease(String peerAddress) throws SQLException {
        assertThat(update("update replica set lease = now() - interval '7 seconds' where address = '" + peerAddress
                        + "'"))
                .isEqualTo(1);
    }

    private int update(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(url, PostgresServer.USER, PostgresServer.PASSWORD);
                var statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /** The address of the replica that owns the runner's row. */
    private String owner(String runnerId) throws SQLException {
        try (var connection = DriverManager.getConnection(url, PostgresServer.USER, PostgresServer.PASSWORD);
                var statement = connection.createStatement();
                var rows = statement.executeQuery(
                        "select address from tunnel join replica on replica.id = tunnel.replica where runner = '"
                                + runnerId + "'")) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    @Test
    void aReplicaThatHangsHoldsUpOnlyItsOwnIdsAndTheirDialsWait() throws Exception {
        connect(first.port(), "wolf-hung");
        connect(second.port(), "wolf-well");
        awaitReachable("wolf-hung", second);
        wayToFirst.stall();
        long start = System.nanoTime();
        CompletableFuture<Integer> answer = waiting(second, "wolf-hung");
        System.out.printf("replicas: a peer that hangs cost a dial %.1f s%n", (System.nanoTime() - start) / 1e9);
        for (int i = 0; i < 20; i++) {
            assertThat(status(second, "wolf-well")).isEqualTo(200);
        }
        assertThat(answer).isNotDone();
        wayToFirst.flow();
        assertThat(Waiting.result(answer)).as("the replica answers again").isEqualTo(200);
    }

    @Test
    void withoutTheDatabaseAllGoesOnAsItIsKnownAndLaterItIsCaughtUp() throws Exception {
        connect(first.port(), "wolf-a");
        connect(second.port(), "wolf-b");
        TestAgent leaving = connect(first.port(), "wolf-leaving");
        for (String id : List.of("wolf-a", "wolf-b", "wolf-leaving")) {
            awaitReachable(id, first, second);
        }
        database.stop();
        for (TestControlPlane replica : List.of(first, second)) {
            eventually(
                    "it says so", () -> replica.send(replica.request("/readyz").build())
                            .body()
                            .contains("the store is down"));
            for (int i = 0; i < 10; i++) {
                assertThat(status(replica, "wolf-a")).isEqualTo(200);
                assertThat(status(replica, "wolf-b")).isEqualTo(200);
                HttpResponse<String> routed =
                        replica.send(replica.admin("/api/v1/wolf/api/v1/apps").build());
                assertThat(routed.statusCode()).as(routed.body()).isEqualTo(200);
            }
        }
        connect(first.port(), "wolf-new");
        assertThat(status(first, "wolf-new")).as("served where it is").isEqualTo(200);
        assertThat(status(second, "wolf-new")).as("nobody can say where it is").isEqualTo(503);
        leaving.close();
        CompletableFuture<Integer> answer = waiting(second, "wolf-leaving");

        database.resume();
        awaitReachable("wolf-new", second);
        assertThat(owner("wolf-new")).isEqualTo(first.peerAddress());
        connect(second.port(), "wolf-leaving");
        assertThat(Waiting.result(answer)).isEqualTo(200);
        eventually("the row is written", () -> owner("wolf-leaving").equals(second.peerAddress()));
    }

    @Test
    void aReplicaThatAloneLosesTheDatabaseKeepsItsTunnels() throws Exception {
        connect(first.port(), "wolf-alone");
        connect(second.port(), "wolf-with");
        awaitReachable("wolf-alone", first, second);
        awaitReachable("wolf-with", first, second);
        wayToDatabase.cut();
        expireLease(first.peerAddress());
        connect(second.port(), "wolf-later");
        eventually("a round has read the lease", () -> owner("wolf-later").equals(second.peerAddress()));
        connect(first.port(), "wolf-unwritten");
        for (int i = 0; i < 10; i++) {
            assertThat(status(second, "wolf-alone")).isEqualTo(200);
            assertThat(status(first, "wolf-with")).isEqualTo(200);
        }
        assertThat(status(first, "wolf-unwritten")).isEqualTo(200);
        assertThat(status(first, "wolf-later")).as("it can't read of it").isEqualTo(503);

        wayToDatabase.flow();
        awaitReachable("wolf-later", first);
        awaitReachable("wolf-unwritten", second);
        assertThat(owner("wolf-alone")).isEqualTo(first.peerAddress());
    }

    @Test
    void aReplicaThatWasCutOffFromAllIsNoOwnerOfWhatHasMoved() throws Exception {
        TestAgent zombie = connect(first.port(), "wolf-moved");
        connect(first.port(), "wolf-stays");
        awaitReachable("wolf-moved", second);
        awaitReachable("wolf-stays", second);
        wayToDatabase.cut();
        wayToFirst.cut();
        expireLease(first.peerAddress());
        CompletableFuture<Integer> staying = waiting(second, "wolf-stays");
        connect(second.port(), "wolf-moved");
        awaitReachable("wolf-moved", second);
        eventually("the row is taken", () -> owner("wolf-moved").equals(second.peerAddress()));
        assertThat(zombie.control()).as("it is still connected").isNotNull();

        wayToDatabase.flow();
        wayToFirst.flow();
        assertThat(zombie.awaitCloseCode()).isEqualTo(4001);
        assertThat(Waiting.result(staying)).isEqualTo(200);
        assertThat(owner("wolf-moved")).isEqualTo(second.peerAddress());
        assertThat(owner("wolf-stays")).isEqualTo(first.peerAddress());
        awaitReachable("wolf-moved", first);
    }

    @Test
    void aReplicaThatWasFrozenBeyondItsLeaseIsNoOwnerOfWhatHasMoved(@TempDir Path folder) throws Exception {
        var store = TestStore.postgres(url);
        Map<String, String> environment = Map.of(
                "RUNNER_TOKEN",
                TestControlPlane.RUNNER_TOKEN,
                "ADMIN_TOKEN",
                TestControlPlane.ADMIN_TOKEN,
                "CONTROL_PLANE_STORE_PASSWORD",
                store.password().read());
        try (var third = ProgramProcess.start(
                Main.class,
                folder,
                environment,
                "-listen=127.0.0.1:0",
                "-peer-listen=127.0.0.1:0",
                "-store=" + store.url(),
                "-store-user=" + store.user())) {
            String peerAddress = await(third, "others reach it at (\\S+)");
            int port = Integer.parseInt(await(third, "Serving HTTP on port (\\d+)\\R"));
            TestAgent zombie = connect(port, "wolf-moved");
            connect(port, "wolf-frozen");
            awaitReachable("wolf-moved", second);
            awaitReachable("wolf-frozen", second);
            third.signal("STOP");
            expireLease(peerAddress);
            CompletableFuture<Integer> frozen = waiting(second, "wolf-frozen");
            connect(second.port(), "wolf-moved");
            awaitReachable("wolf-moved", second);
            eventually("the row is taken", () -> owner("wolf-moved").equals(second.peerAddress()));
            third.signal("CONT");
            assertThat(zombie.awaitCloseCode()).isEqualTo(4001);
            assertThat(Waiting.result(frozen)).isEqualTo(200);
            assertThat(owner("wolf-moved")).isEqualTo(second.peerAddress());
            assertThat(owner("wolf-frozen")).isEqualTo(peerAddress);
        }
    }

    private static String await(ProgramProcess program, String pattern) throws Exception {
        Pattern compiled = Pattern.compile(pattern);
        eventually(pattern, () -> compiled.matcher(program.output()).find());
        Matcher found = compiled.matcher(program.output());
        assertThat(found.find()).isTrue();
        return found.group(1);
    }
}
