package ml.helix.wolf.controlplane.registry;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.store.Database;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps {@link Records} and the store the same. One thread does all of it: once a second it writes what agents have changed,
 * in one transaction, and reads what other replicas have changed. A change of an admin goes at once, and waits for its
 * commit. While the store is down, agents' changes stay in memory; each second it tries again. Thread safe.
 */
public final class RecordSync implements AutoCloseable {
    /** By which replicas tell one another that an admin has changed something. */
    public static final String CHANNEL = "wolf_instances";

    private static final Duration INTERVAL = Duration.ofSeconds(1);

    /** How long an admin waits. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final int MAX_WAITING = 64;
    private static final Duration CLEANING = Duration.ofHours(1);
    private static final Duration LAST_WRITE = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(RecordSync.class);

    private final Records records;
    private final Database database;
    private final RecordTable table;
    private final Supplier<List<String>> forgettable;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    // Guarded by lock.
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private boolean changedElsewhere;
    private boolean closed;
    // Belong to the thread that calls exchange().
    private RecordTable.@Nullable Position position;
    private Instant cleaned;

    private final Thread thread = Thread.ofVirtual().name("record-sync").unstarted(this::run);

    private record Waiting(AdminChange change, CompletableFuture<Void> saved) {}

    /** @param forgettable the ids whose records are not worth keeping any more */
    public RecordSync(Records records, Database database, Supplier<List<String>> forgettable, InstantSource clock) {
        this.records = records;
        this.database = database;
        this.table = new RecordTable(database.isPostgres(), records.mostBytes());
        this.forgettable = forgettable;
        this.clock = clock;
        this.cleaned = clock.instant();
    }

    /** Loads all records, if the store is up; then goes on in the background. */
    public void start() {
        exchange(List.of());
        thread.start();
    }

    /** Another replica has changed something. Never blocks. */
    public void changedElsewhere() {
        lock.lock();
        try {
            changedElsewhere = true;
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Saves a change of an admin and applies it.
     *
     * @throws ApiException 503 {@code StoreUnavailable} if the store doesn't take it within 2 s. It is not applied then,
     *     unless the store takes it after all: an answer may come too late
     */
    void save(AdminChange change) throws ApiException, InterruptedException {
        var saved = new CompletableFuture<Void>();
        lock.lock();
        try {
            if (closed || waiting.size() >= MAX_WAITING || !database.health().up()) {
                throw unavailable();
            }
            waiting.add(new Waiting(change, saved));
            work.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            saved.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.debug("{} was not saved in time", change, e);
            throw unavailable();
        } finally {
            saved.cancel(false); // if it has not begun yet, it never will
        }
    }

    private static ApiException unavailable() {
        return new ApiException(new ApiError(
                HttpStatus.SERVICE_UNAVAILABLE_503,
                "StoreUnavailable",
                "the store can't take a change now; try again",
                HttpFields.build().put(HttpHeader.RETRY_AFTER, 2)));
    }

    private void run() {
        long next = System.nanoTime() + INTERVAL.toNanos();
        for (List<Waiting> changes = await(next); changes != null; changes = await(next)) {
            next = System.nanoTime() + INTERVAL.toNanos();
            changes.addAll(cleaning());
            try {
                exchange(changes);
            } catch (RuntimeException e) {
                log.error("The registry and the store could not be compared", e);
            }
        }
        if (database.health().up()) {
            exchange(List.of());
        }
    }

    /** Waits for an admin's change, for news of another replica, or for the time; null at the end. */
    private @Nullable List<Waiting> await(long until) {
        lock.lock();
        try {
            long nanos = until - System.nanoTime();
            while (waiting.isEmpty() && !changedElsewhere && !closed && nanos > 0) {
                nanos = work.awaitNanos(nanos);
            }
            changedElsewhere = false;
            List<Waiting> changes = new ArrayList<>(waiting);
            waiting.clear();
            return closed && changes.isEmpty() ? null : changes;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** One transaction: writes what is new here, reads what is new there. */
    private void exchange(List<Waiting> changes) {
        List<Waiting> begun =
                changes.stream().filter(change -> !change.saved.isDone()).toList();
        boolean nothingToRead =
                position != null && !database.isPostgres() && database.health().up();
        if (nothingToRead && begun.isEmpty() && !records.hasUnsaved()) {
            return;
        }
        Collection<InstanceRecord> unsaved = records.takeUnsaved();
        try {
            RecordTable.Reading reading = database.transaction(connection -> {
                if (!database.health().up()) {
                    table.probe(connection);
                }
                table.merge(connection, unsaved);
                for (Waiting change : begun) {
                    table.write(connection, change.change);
                }
                if (!begun.isEmpty()) {
                    database.announce(connection, CHANNEL);
                }
                return nothingToRead ? RecordTable.Reading.NOTHING : table.read(connection, position);
            });
            begun.forEach(change -> records.saved(change.change));
            take(reading);
            begun.forEach(change -> change.saved.complete(null));
        } catch (SQLException e) {
            if (Database.isRefusal(e)) {
                saveEach(unsaved);
            } else {
                records.bringBack(unsaved);
            }
            begun.forEach(change -> change.saved.completeExceptionally(e));
        }
    }

    /** One that the store refuses must not keep the others out for ever. */
    private void saveEach(Collection<InstanceRecord> unsaved) {
        for (InstanceRecord change : unsaved) {
            try {
                database.transaction(connection -> {
                    table.merge(connection, List.of(change));
                    return true;
                });
            } catch (SQLException e) {
                if (Database.isRefusal(e)) {
                    log.error("What {} said last is not in the store, which refuses it", change.id());
                } else {
                    records.bringBack(List.of(change));
                }
            }
        }
    }

    private void take(RecordTable.Reading reading) {
        if (reading.omitted() > 0) {
            log.warn(
                    "{} instances of the store are left out: what is known of them takes more than an eighth of the memory."
                            + " Delete some, or give the program more",
                    reading.omitted());
        }
        if (reading.all()) {
            records.loadedAll(reading.rows());
        } else {
            records.loaded(reading.rows());
        }
        if (reading.position() != null) {
            position = reading.position();
        }
    }

    /** Deletes the records that are not worth keeping, once an hour. */
    private List<Waiting> cleaning() {
        Instant now = clock.instant();
        if (now.isBefore(cleaned.plus(CLEANING))) {
            return List.of();
        }
        cleaned = now;
        return forgettable.get().stream()
                .map(id -> new Waiting(new AdminChange.Forget(id), new CompletableFuture<>()))
                .toList();
    }

    /** Writes what is left, if the store is up. Blocks for at most some seconds. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            work.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            if (!thread.join(LAST_WRITE)) {
                log.warn(
                        "The last changes of the registry are not in the store: it didn't take them within {} s",
                        LAST_WRITE.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
