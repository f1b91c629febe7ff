package ml.helix.wolf.controlplane.routing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import ml.helix.wolf.controlplane.store.ChangeListener;
import ml.helix.wolf.controlplane.store.Database;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions of all replicas, in the database. A session costs one statement when it is new, when it moves, and every ten
 * minutes; what others have moved is read each second, and at once by NOTIFY. A database that doesn't answer costs a request half
 * a second, and the later ones nothing. Thread-safe.
 */
public final class SessionTable implements SharedSessions, AutoCloseable {
    private static final String CHANNEL = "wolf_sessions";
    private static final Duration LONGEST = Duration.ofMillis(500);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PRUNE = Duration.ofMinutes(10);
    /** A transaction may commit that long after the time that its row says. */
    private static final Duration LATE = Duration.ofSeconds(15);

    private static final String CHANGES = """
            instance = case when routed_session.moves < excluded.moves
                then excluded.instance else routed_session.instance end,
            moved = case when routed_session.moves < excluded.moves
                then current_timestamp else routed_session.moved end,
            moves = greatest(routed_session.moves, excluded.moves), used = current_timestamp
            """;

    private static final String POSTGRES = """
            insert into routed_session (id, instance, moves, moved, used)
            values (?, ?, ?, current_timestamp, current_timestamp) on conflict (id) do update set
            """ + CHANGES;

    /** It has no {@code on conflict}. */
    private static final String H2 = """
            merge into routed_session
            using (values (cast(? as varchar), cast(? as varchar), cast(? as integer))) as excluded (id, instance, moves)
            on routed_session.id = excluded.id when matched then update set
            """ + CHANGES + """
            when not matched then insert (id, instance, moves, moved, used)
            values (excluded.id, excluded.instance, excluded.moves, current_timestamp, current_timestamp)
            """;

    private static final Logger log = LoggerFactory.getLogger(SessionTable.class);

    private final Database database;
    private final ScheduledExecutorService timers;
    private final LongSupplier nanoTime;
    private final ChangeListener news;
    private final AtomicBoolean reading = new AtomicBoolean();

    private volatile BiConsumer<String, Binding> moved = (session, binding) -> {};
    private volatile long pausedUntil;
    // Both of the one thread that reads.
    private OffsetDateTime readUntil = OffsetDateTime.ofInstant(java.time.Instant.EPOCH, ZoneOffset.UTC);
    private long prunedAt;

    /** @param timers runs short tasks only */
    public SessionTable(Database database, ScheduledExecutorService timers, LongSupplier nanoTime) {
        this.database = database;
        this.timers = timers;
        this.nanoTime = nanoTime;
        this.pausedUntil = nanoTime.getAsLong();
        this.prunedAt = nanoTime.getAsLong();
        this.news = new ChangeListener(database, CHANNEL, this::readSoon);
    }

    /** @param listener hears at which instance sessions are that have moved */
    void start(BiConsumer<String, Binding> listener) {
        moved = listener;
        news.start();
        Future<?> _ = timers.scheduleAtFixedRate(this::readSoon, POLL.toNanos(), POLL.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public Optional<Binding> bind(String session, Binding wanted) {
        if (!database.health().up() || nanoTime.getAsLong() - pausedUntil < 0) {
            return Optional.empty();
        }
        var answer = new CompletableFuture<Binding>();
        Thread.ofVirtual().name("bind-session").start(() -> {
            try {
                answer.complete(database.isPostgres() ? write(session, wanted) : writeAlone(session, wanted));
            } catch (SQLException e) {
                answer.completeExceptionally(e);
            }
        });
        try {
            return Optional.of(answer.get(LONGEST.toNanos(), TimeUnit.NANOSECONDS));
        } catch (ExecutionException | TimeoutException e) {
            pausedUntil = nanoTime.getAsLong() + PAUSE.toNanos();
            log.debug("A session is bound without the store", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Optional.empty();
    }

    private Binding write(String session, Binding wanted) throws SQLException {
        return database.transaction(connection -> bind(connection, session, wanted));
    }

    /** Of two that merge one new row at once, H2 fails one. */
    private synchronized Binding writeAlone(String session, Binding wanted) throws SQLException {
        return write(session, wanted);
    }

    private Binding bind(Connection connection, String session, Binding wanted) throws SQLException {
        try (PreparedStatement write = connection.prepareStatement(database.isPostgres() ? POSTGRES : H2);
                PreparedStatement read =
                        connection.prepareStatement("select instance, moves from routed_session where id = ?")) {
            write.setString(1, session);
            write.setString(2, wanted.instance());
            write.setInt(3, wanted.moves());
            write.executeUpdate();
            read.setString(1, session);
            try (ResultSet row = read.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("the session's row was deleted just now");
                }
                var holds = new Binding(row.getString(1), row.getInt(2));
                if (wanted.moves() > 0 && holds.equals(wanted)) {
                    database.announce(connection, CHANNEL);
                }
                return holds;
            }
        }
    }

    private void readSoon() {
        if (reading.compareAndSet(false, true)) {
            Thread.ofVirtual().name("read-sessions").start(() -> {
                try {
                    read();
                } catch (SQLException e) {
                    log.debug("Sessions: the database did not answer", e); // the database itself has logged it
                } finally {
                    reading.set(false);
                }
            });
        }
    }

    private void read() throws SQLException {
        boolean prune = nanoTime.getAsLong() - prunedAt >= PRUNE.toNanos();
        if (!database.isPostgres() && !prune) {
            return;
        }
        Map<String, Binding> found = database.transaction(connection -> {
            if (prune) {
                prune(connection);
            }
            return database.isPostgres() ? moved(connection) : Map.of();
        });
        if (prune) {
            prunedAt = nanoTime.getAsLong();
        }
        found.forEach(moved);
    }

    private Map<String, Binding> moved(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select id, instance, moves, moved from routed_session where moves > 0 and moved >= ? order by moved")) {
            select.setObject(1, readUntil.minus(LATE));
            try (ResultSet row = select.executeQuery()) {
                Map<String, Binding> found = new LinkedHashMap<>();
                while (row.next()) {
                    found.put(row.getString(1), new Binding(row.getString(2), row.getInt(3)));
                    readUntil = row.getObject(4, OffsetDateTime.class);
                }
                return found;
            }
        }
    }

    private static void prune(Connection connection) throws SQLException {
        try (PreparedStatement delete =
                connection.prepareStatement("delete from routed_session where used < current_timestamp - interval '"
                        + Sessions.IDLE.toHours() + "' hour")) {
            delete.executeUpdate();
        }
    }

    /** Hears of no more moves. Idempotent. */
    @Override
    public void close() {
        news.close();
    }
}
