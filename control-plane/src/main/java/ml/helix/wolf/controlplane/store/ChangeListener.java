package ml.helix.wolf.controlplane.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears from PostgreSQL when a replica has changed something, by LISTEN on a connection of its own. News may be lost with the
 * connection, so whoever needs them asks the database from time to time too. With H2 there are none. Thread safe.
 */
public final class ChangeListener implements AutoCloseable {
    private static final Duration CHECK = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(ChangeListener.class);

    private final Database database;
    private final String channel;
    private final Runnable listener;
    private final Thread thread;

    /**
     * @param channel an SQL identifier
     * @param listener called after each change, and after a break in which one may have been missed; must not block
     */
    public ChangeListener(Database database, String channel, Runnable listener) {
        this.database = database;
        this.channel = channel;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("listen " + channel).unstarted(this::run);
    }

    public void start() {
        if (database.isPostgres()) {
            thread.start();
        }
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                database.onOwnConnection(this::listen);
            } catch (SQLException | RuntimeException e) {
                log.debug("No news on {}", channel, e);
            }
            try {
                Thread.sleep(RETRY);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private Void listen(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("listen " + channel);
        }
        var server = connection.unwrap(PGConnection.class);
        listener.run();
        while (true) {
            if (server.getNotifications((int) CHECK.toMillis()).length > 0) {
                listener.run();
            } else if (!connection.isValid((int) RETRY.toSeconds())) {
                throw new SQLException("the connection is dead");
            }
        }
    }

    /** Idempotent. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
