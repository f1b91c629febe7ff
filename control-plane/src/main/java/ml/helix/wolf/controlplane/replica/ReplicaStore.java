package ml.helix.wolf.controlplane.replica;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The statements on the tables {@code replica} and {@code tunnel}, each within a transaction of the caller. PostgreSQL only. */
final class ReplicaStore {
    /** Announces that a row has changed, and nothing else. */
    static final String CHANNEL = "wolf_tunnels";

    /** How long a replica that wrote no lease counts as alive. */
    static final Duration LEASE = Duration.ofSeconds(6);

    /** How long the row of a dead replica, or of a lost tunnel, is kept for those that have not read it. */
    private static final String KEPT = "interval '1 hour'";

    /** Writers of tunnels wait for one another, so that revisions become visible in their order. */
    private static final String LOCK = "select pg_advisory_xact_lock(2003789926)";

    private ReplicaStore() {}

    /** What a lease write tells: the database's time, and whether it had forgotten the replica. */
    record Lease(Instant now, boolean isNew) {}

    static Lease renewLease(Connection connection, String id, String address, String fingerprint) throws SQLException {
        String sql = """
                insert into replica (id, address, fingerprint, lease)
                values (?, ?, ?, clock_timestamp() + ? * interval '1 millisecond')
                on conflict (id) do update set lease = excluded.lease
                returning clock_timestamp(), xmax = 0
                """;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, id);
            statement.setString(2, address);
            statement.setString(3, fingerprint);
            statement.setLong(4, LEASE.toMillis());
            try (ResultSet result = statement.executeQuery()) {
                result.next();
                return new Lease(result.getTimestamp(1).toInstant(), result.getBoolean(2));
            }
        }
    }

    /** Writes what has changed of this replica's tunnels; a newer generation there stays. */
    static void write(Connection connection, String self, Collection<TunnelRow> rows) throws SQLException {
        lock(connection);
        List<TunnelRow> up = rows.stream().filter(row -> row.replica() != null).toList();
        List<TunnelRow> lost =
                rows.stream().filter(row -> row.replica() == null).toList();
        if (!up.isEmpty()) {
            execute(connection, """
                    insert into tunnel (runner, replica, generation, agent, revision, changed)
                    select runner, ?, generation, agent, nextval('tunnel_revision'), clock_timestamp()
                    from unnest(?::text[], ?::bigint[], ?::text[]) as new (runner, generation, agent)
                    on conflict (runner) do update set replica = excluded.replica, generation = excluded.generation,
                        agent = excluded.agent, revision = excluded.revision, changed = excluded.changed
                    where tunnel.generation < excluded.generation
                        or (tunnel.generation = excluded.generation and tunnel.replica is null)
                    """, self, up);
        }
        if (!lost.isEmpty()) {
            execute(connection, """
                    update tunnel set replica = null, revision = nextval('tunnel_revision'), changed = clock_timestamp()
                    from (select ?::text as self) as mine,
                        unnest(?::text[], ?::bigint[], ?::text[]) as gone (runner, generation, agent)
                    where tunnel.runner = gone.runner and tunnel.generation = gone.generation and tunnel.replica = mine.self
                    """, self, lost);
        }
        announce(connection);
    }

    private static void execute(Connection connection, String sql, String self, List<TunnelRow> rows)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, self);
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", rows.stream().map(TunnelRow::runnerId).toArray()));
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "bigint", rows.stream().map(TunnelRow::generation).toArray()));
            statement.setArray(
                    4,
                    connection.createArrayOf(
                            "text", rows.stream().map(TunnelRow::agent).toArray()));
            statement.executeUpdate();
        }
    }

    static List<ReplicaRow> replicas(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(
                        "select id, address, fingerprint, lease < clock_timestamp() from replica")) {
            List<ReplicaRow> rows = new ArrayList<>();
            while (result.next()) {
                rows.add(new ReplicaRow(
                        result.getString(1), result.getString(2), result.getString(3), result.getBoolean(4)));
            }
            return rows;
        }
    }

    /** Rows and how far they reach. */
    record Changes(List<TunnelRow> rows, long revision) {}

    /** @param revision up to which they are known; -1 for all rows */
    static Changes since(Connection connection, long revision) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "select runner, replica, generation, agent, revision from tunnel where revision > ? order by revision")) {
            statement.setLong(1, revision);
            statement.setFetchSize(1000);
            try (ResultSet result = statement.executeQuery()) {
                List<TunnelRow> rows = new ArrayList<>();
                long last = revision;
                while (result.next()) {
                    rows.add(new TunnelRow(
                            result.getString(1), result.getString(2), result.getLong(3), result.getString(4)));
                    last = result.getLong(5);
                }
                return new Changes(rows, last);
            }
        }
    }

    /** Forgets a replica and marks its tunnels as lost. */
    static void remove(Connection connection, String replica) throws SQLException {
        lock(connection);
        try (PreparedStatement tunnels = connection.prepareStatement("""
                        update tunnel set replica = null, revision = nextval('tunnel_revision'),
                            changed = clock_timestamp() where replica = ?
                        """);
                PreparedStatement row = connection.prepareStatement("delete from replica where id = ?")) {
            tunnels.setString(1, replica);
            tunnels.executeUpdate();
            row.setString(1, replica);
            row.executeUpdate();
        }
        announce(connection);
    }

    /** The same, if its lease ran out that long ago. Returns whether it did. */
    static boolean removeIfDead(Connection connection, String replica, Duration since) throws SQLException {
        lock(connection);
        try (PreparedStatement statement = connection.prepareStatement(
                "select 1 from replica where id = ? and lease < clock_timestamp() - ? * interval '1 millisecond'")) {
            statement.setString(1, replica);
            statement.setLong(2, since.toMillis());
            try (ResultSet result = statement.executeQuery()) {
                if (!result.next()) {
                    return false;
                }
            }
        }
        remove(connection, replica);
        return true;
    }

    /** Deletes what no replica has to read any more. */
    static void prune(Connection connection) throws SQLException {
        execute(connection, "delete from tunnel where replica is null and changed < clock_timestamp() - " + KEPT);
    }

    private static void lock(Connection connection) throws SQLException {
        execute(connection, LOCK);
    }

    private static void announce(Connection connection) throws SQLException {
        execute(connection, "notify " + CHANNEL);
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
