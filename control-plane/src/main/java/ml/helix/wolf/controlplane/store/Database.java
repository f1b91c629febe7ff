package ml.helix.wolf.controlplane.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.Credentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import ml.helix.wolf.program.Logs;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database, H2 or PostgreSQL. PostgreSQL may be unreachable at the start: each transaction tries anew, and the first one
 * that reaches it creates or updates the tables. Logs once when it goes down and once when it is back. Thread safe.
 */
public final class Database implements AutoCloseable {
    /** How long a transaction waits for a connection. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

    /** How long PostgreSQL may be silent before the connection counts as dead. */
    private static final Duration SILENCE = Duration.ofSeconds(5);

    private static final int MAX_CONNECTIONS = 6;

    /** What H2 needs to lose nothing that was committed, to leave the end to us, to stay small, and to write no log of its own. */
    private static final Map<String, String> H2_OPTIONS = Map.of(
            "WRITE_DELAY", "0",
            "DB_CLOSE_ON_EXIT", "FALSE",
            "CACHE_SIZE", "4096",
            "DB_CLOSE_DELAY", "-1",
            "TRACE_LEVEL_FILE", "0");

    /** H2's DATABASE_ALREADY_OPEN_1. */
    private static final int H2_IN_USE = 90020;

    private static final String NOT_TRIED = "not tried yet";
    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private final StoreSettings settings;
    private final InstantSource clock;
    private final HikariDataSource pool;
    /** Guarded by this. */
    private boolean migrated;
    /** Written under the pool's monitor. */
    private volatile StoreHealth health;

    /** Several statements that take effect together or not at all. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    /** Connects to nothing yet. */
    public Database(StoreSettings settings, InstantSource clock) {
        // What they have to say comes as exceptions.
        Logs.silence("com.zaxxer.hikari");
        Logs.silence("org.flywaydb");
        this.settings = settings;
        this.clock = clock;
        this.health = new StoreHealth(false, clock.instant(), NOT_TRIED);
        pool = new HikariDataSource(pooling(settings));
    }

    /**
     * Tries the database for the first time.
     *
     * @throws IOException if H2 can't be used: that is a matter of the settings, which no waiting mends
     */
    public void open() throws IOException {
        try {
            if (!settings.isPostgres()) {
                tryOnce();
            }
            transaction(connection -> true);
        } catch (SQLException e) {
            if (!settings.isPostgres()) {
                throw new IOException(
                        "the store " + settings.url() + " can't be used: "
                                + (e.getErrorCode() == H2_IN_USE ? inUse() : reason(e))
                                + ". -store names another file in a folder that can be written, a PostgreSQL server, or"
                                + " jdbc:h2:mem:NAME, which forgets everything at the end",
                        e);
            }
        }
    }

    /** Without the pool, which tries again for 2 s. */
    private void tryOnce() throws SQLException, IOException {
        DriverManager.getConnection(
                        withOptions(settings.url()),
                        settings.user(),
                        settings.password().read())
                .close();
    }

    private String inUse() {
        String path = settings.url().replaceFirst("jdbc:h2:file:", "").replaceFirst(";.*", "") + ".mv.db";
        String holder = FileLocks.holder(Path.of(path.replaceFirst("^~", System.getProperty("user.home"))))
                .map(pid -> "process " + pid)
                .orElse("another process");
        return holder + " uses " + path + ", probably another control plane: stop it first";
    }

    private static HikariConfig pooling(StoreSettings settings) {
        var config = new HikariConfig();
        config.setPoolName("store");
        config.setJdbcUrl(settings.isPostgres() ? settings.url() : withOptions(settings.url()));
        config.setCredentialsProvider(() -> credentials(settings));
        config.setMaximumPoolSize(MAX_CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECT_TIMEOUT.toMillis());
        config.setValidationTimeout(CONNECT_TIMEOUT.toMillis() / 2);
        config.setInitializationFailTimeout(-1);
        config.setAutoCommit(false);
        if (settings.isPostgres()) {
            config.addDataSourceProperty("ApplicationName", "wolf-control-plane");
            config.addDataSourceProperty("connectTimeout", String.valueOf(CONNECT_TIMEOUT.toSeconds()));
            config.addDataSourceProperty("loginTimeout", String.valueOf(CONNECT_TIMEOUT.toSeconds()));
            config.addDataSourceProperty("socketTimeout", String.valueOf(SILENCE.toSeconds()));
            config.addDataSourceProperty("tcpKeepAlive", "true");
            config.addDataSourceProperty("reWriteBatchedInserts", "true");
            // Locks of a replica that hangs, or of this one, end by themselves.
            config.setConnectionInitSql(
                    "set statement_timeout = '%1$ds'; set idle_in_transaction_session_timeout = '%1$ds'"
                            .formatted(SILENCE.toSeconds()));
        }
        return config;
    }

    private static Credentials credentials(StoreSettings settings) {
        try {
            return new Credentials(settings.user(), settings.password().read());
        } catch (IOException e) {
            throw new UncheckedIOException("the password can't be read: " + e.getMessage(), e);
        }
    }

    private static String withOptions(String url) {
        var all = new StringBuilder(url);
        H2_OPTIONS.forEach((option, value) -> {
            if (!url.toUpperCase(Locale.ROOT).contains(";" + option + "=")) {
                all.append(';').append(option).append('=').append(value);
            }
        });
        return all.toString();
    }

    public boolean isPostgres() {
        return settings.isPostgres();
    }

    /** As the last transaction found it. */
    public StoreHealth health() {
        return health;
    }

    /**
     * Runs statements in one transaction and commits. Blocks for at most some seconds: 2 s for a connection, 5 s for each
     * answer of PostgreSQL.
     *
     * @throws SQLException if it can't be reached, or a statement failed; nothing is changed then, except perhaps if only the
     *     answer to the commit is missing
     */
    public <T> T transaction(Work<T> work) throws SQLException {
        try {
            T result = inConnection(work);
            note("");
            return result;
        } catch (SQLException | RuntimeException e) {
            if (isRefusal(e)) {
                log.error("The store refuses a statement: {}", reason(e));
            } else {
                note(reason(e));
            }
            throw e instanceof SQLException known ? known : new SQLException(e);
        }
    }

    /**
     * Whether the store works, but refuses the values of a statement (SQLSTATE classes 22 and 23), or has rolled the transaction
     * back for the sake of others (40).
     */
    public static boolean isRefusal(Throwable failure) {
        return failure instanceof SQLException sql
                && sql.getSQLState() != null
                && sql.getSQLState().matches("(22|23|40).*");
    }

    private <T> T inConnection(Work<T> work) throws SQLException {
        migrate();
        try (Connection connection = pool.getConnection()) {
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                if (isRefusal(e)) {
                    connection.rollback();
                    throw e;
                }
                // They may lead to a server that is gone, read-only or hanging.
                pool.getHikariPoolMXBean().softEvictConnections();
                pool.evictConnection(connection);
                throw e;
            }
        }
    }

    /** Runs until the work ends or fails, on a connection that nobody uses before or after; outside of a transaction. */
    void onOwnConnection(Work<?> work) throws SQLException {
        migrate();
        try (Connection connection = pool.getConnection()) {
            try {
                connection.setAutoCommit(true);
                work.run(connection);
            } finally {
                pool.evictConnection(connection);
            }
        }
    }

    /**
     * Tells the {@link ChangeListener}s of this channel, when the transaction commits. Does nothing with H2, which has one
     * replica only.
     */
    public void announce(Connection connection, String channel) throws SQLException {
        if (isPostgres()) {
            try (var statement = connection.prepareStatement("select pg_notify(?, '')")) {
                statement.setString(1, channel);
                statement.execute();
            }
        }
    }

    private synchronized void migrate() {
        if (migrated) {
            return;
        }
        Flyway.configure(Database.class.getClassLoader())
                .dataSource(pool)
                .locations("classpath:ml/helix/wolf/controlplane/store/migration")
                .table("wolf_schema_history")
                .baselineOnMigrate(true) // beside tables of others
                .baselineVersion("0")
                .load()
                .migrate();
        migrated = true;
    }

    private void note(String problem) {
        synchronized (pool) {
            boolean up = problem.isEmpty();
            StoreHealth before = health;
            Instant now = clock.instant();
            health = new StoreHealth(up, up == before.up() ? before.since() : now, problem);
            if (up && !before.up() && !before.problem().equals(NOT_TRIED)) {
                log.info(
                        "The store is up; it was not for {} s",
                        Duration.between(before.since(), now).toSeconds());
            } else if (!up && (before.up() || before.problem().equals(NOT_TRIED))) {
                log.warn("The store is down, tunnels and requests go on without it: {}", problem);
            }
        }
    }

    /** The cause says more than the pool that waited for it. */
    private static String reason(Exception failure) {
        Throwable deepest = failure;
        while (deepest.getCause() != null && (deepest.getMessage() == null || isWrapper(deepest))) {
            deepest = deepest.getCause();
        }
        return String.valueOf(deepest.getMessage()).lines().findFirst().orElse("");
    }

    private static boolean isWrapper(Throwable failure) {
        return failure instanceof FlywayException
                || failure instanceof java.sql.SQLTransientConnectionException
                || failure instanceof java.sql.BatchUpdateException // repeats the statement with its values
                || failure.getClass() == SQLException.class;
    }

    /** Closes all connections; H2 writes what is left and gives its file free. Idempotent. */
    @Override
    public void close() {
        if (!pool.isClosed() && !settings.isPostgres()) {
            try (Connection connection = pool.getConnection();
                    var shutdown = connection.createStatement()) {
                shutdown.execute("shutdown");
            } catch (SQLException e) {
                log.debug("H2 was not shut down in order", e);
            }
        }
        pool.close();
    }
}
