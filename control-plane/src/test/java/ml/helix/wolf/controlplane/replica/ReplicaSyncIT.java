package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.controlplane.replica.ReplicaSync.Judged;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.revdial.ConnectionManager;
import ml.helix.wolf.revdial.RemoteAgent;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.PostgresServer;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real PostgreSQL, and a clock that the test moves. */
class ReplicaSyncIT {
    private static final String SELF = "aaaaaaaa";

    private final ManualScheduler timers = new ManualScheduler();
    private final ConnectionManager connections =
            new ConnectionManager(Duration.ofSeconds(30), Duration.ofSeconds(30), timers, timers::nanoTime);
    private final TunnelMap tunnels = new TunnelMap(SELF, connections, (replica, runner, generation, path) -> false);
    private final AtomicLong nanoTime = new AtomicLong();
    private final AtomicLong rounds = new AtomicLong();
    private volatile Judged judged = new Judged(Set.of(), false);

    private String url;
    private Database database;
    private ReplicaSync sync;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        url = PostgresServer.shared().createDatabase();
        database = new Database(TestStore.postgres(url), InstantSource.system());
        sync = new ReplicaSync(
                database, tunnels, new DatabaseClock(InstantSource.system()), nanoTime::get, SELF, "f", seen -> {
                    rounds.incrementAndGet();
                    return judged;
                });
        sync.start("127.0.0.1:1");
        Waiting.until("it has reached the database", () -> rounds.get() > 0);
    }

    @AfterEach
    void close() {
        if (sync != null) {
            sync.close();
            database.close();
        }
    }

    private void later(Duration time) throws Exception {
        nanoTime.addAndGet(time.toNanos());
        awaitRounds();
    }

    private void awaitRounds() throws Exception {
        long before = rounds.get();
        sync.wake();
        Waiting.until("a round has begun and ended since", () -> {
            sync.wake();
            return rounds.get() >= before + 2;
        });
    }

    private void execute(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(url, PostgresServer.USER, PostgresServer.PASSWORD);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private String query(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(url, PostgresServer.USER, PostgresServer.PASSWORD);
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "no row";
        }
    }

    private String holder(String runner) throws SQLException {
        return query("select replica from tunnel where runner = '" + runner + "'");
    }

    private void connected(String runner, long generation) {
        tunnels.local(new RunnerEvent.Connected(
                runner, new RemoteAgent("", "192.0.2.1", 1), Instant.EPOCH.plusNanos(generation * 1000)));
    }

    @Test
    void aReplicaWithoutALeaseIsRemovedWithItsTunnelsUnlessItCanStillBeReached() throws Exception {
        for (String replica : Set.of("bbbbbbbb", "cccccccc")) {
            execute("insert into replica values ('%1$s', 'host:1', '%1$s', now() - interval '2 minutes')"
                    .formatted(replica));
            execute("insert into tunnel values ('wolf-%1$s', '%1$s', 1, 'agent', nextval('tunnel_revision'), now())"
                    .formatted(replica));
        }
        judged = new Judged(Set.of("bbbbbbbb"), false);
        awaitRounds();
        assertThat(query("select id from replica where id = 'bbbbbbbb'"))
                .as("the database is there for less than a minute")
                .isEqualTo("bbbbbbbb");
        later(Duration.ofSeconds(61));
        Waiting.until("it is removed", () -> query("select id from replica where id = 'bbbbbbbb'")
                .equals("no row"));
        assertThat(holder("wolf-bbbbbbbb")).isEqualTo("null");
        assertThat(query("select id from replica where id = 'cccccccc'")).isEqualTo("cccccccc");
        assertThat(holder("wolf-cccccccc")).isEqualTo("cccccccc");
    }

    @Test
    void aReplicaThatOthersHaveRemovedComesBackWithItsTunnelsButNotWithThoseThatMoved() throws Exception {
        connected("wolf-kept", 5);
        connected("wolf-moved", 5);
        awaitRounds();
        assertThat(holder("wolf-kept")).isEqualTo(SELF);
        assertThat(holder("wolf-moved")).isEqualTo(SELF);
        assertThat(database.<Boolean>transaction(connection -> {
                    ReplicaStore.remove(connection, SELF);
                    return true;
                }))
                .isTrue();
        execute("update tunnel set replica = 'bbbbbbbb', generation = 6, revision = nextval('tunnel_revision')"
                + " where runner = 'wolf-moved'");
        later(Duration.ofSeconds(2)); // the lease is due
        Waiting.until("it is an owner again", () -> holder("wolf-kept").equals(SELF));
        assertThat(holder("wolf-moved")).isEqualTo("bbbbbbbb");
        assertThat(tunnels.held()).containsExactly("wolf-kept");
    }

    @Test
    void thereIsOneLeaseWriteInTwoSecondsAndNoneForIdleTunnels() throws Exception {
        connected("wolf-idle", 5);
        awaitRounds();
        String lease = query("select lease from replica");
        String row = query("select xmin from tunnel");
        for (int i = 0; i < 5; i++) {
            awaitRounds();
        }
        assertThat(query("select lease from replica")).isEqualTo(lease);
        later(Duration.ofSeconds(2));
        assertThat(query("select lease from replica")).isNotEqualTo(lease);
        assertThat(query("select xmin from tunnel")).isEqualTo(row);
    }
}
