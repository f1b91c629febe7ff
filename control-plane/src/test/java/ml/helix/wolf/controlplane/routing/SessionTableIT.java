package ml.helix.wolf.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.controlplane.store.TestStore;
import ml.helix.wolf.testkit.ManualScheduler;
import ml.helix.wolf.testkit.Waiting;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SessionTableIT {
    private final ManualScheduler timers = new ManualScheduler();

    @TempDir
    Path folder;

    private static Database open(StoreSettings store) throws Exception {
        var database = new Database(store, InstantSource.system());
        database.open();
        return database;
    }

    private SessionTable table(Database database) {
        return new SessionTable(database, timers, timers::nanoTime);
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void theFirstBindingHoldsUntilOneThatHasMovedMoreOftenAndOutlivesTheProcess(TestStore kind) throws Exception {
        StoreSettings store = kind.create(folder);
        try (Database database = open(store);
                SessionTable table = table(database)) {
            assertThat(table.bind("s", new Binding("one", 0))).contains(new Binding("one", 0));
            assertThat(table.bind("s", new Binding("two", 0))).contains(new Binding("one", 0));
            assertThat(table.bind("s", new Binding("two", 1))).contains(new Binding("two", 1));
            assertThat(table.bind("s", new Binding("one", 1))).contains(new Binding("two", 1));
            assertThat(table.bind("s", new Binding("one", 0))).contains(new Binding("two", 1));
            assertThat(table.bind("other", new Binding("one", 0))).contains(new Binding("one", 0));
        }
        try (Database database = open(store);
                SessionTable table = table(database)) {
            assertThat(table.bind("s", new Binding("three", 0))).contains(new Binding("two", 1));
        }
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void aSessionThatNobodyHasUsedForADayIsDeleted(TestStore kind) throws Exception {
        try (Database database = open(kind.create(folder));
                SessionTable table = table(database)) {
            table.bind("idle", new Binding("one", 0));
            table.bind("used", new Binding("one", 0));
            execute(database, "update routed_session set used = used - interval '24' hour where id = 'idle'");
            table.start((session, binding) -> {});
            timers.advance(Duration.ofMinutes(10));
            // A poll that finds another one under way leaves the work to the next.
            Waiting.until("it is deleted", () -> {
                timers.advance(Duration.ofSeconds(1));
                return count(database) == 1;
            });
            assertThat(table.bind("used", new Binding("two", 0))).contains(new Binding("one", 0));
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestStore.class, names = "POSTGRES")
    void othersHearOfAMove(TestStore kind) throws Exception {
        StoreSettings store = kind.create(folder);
        Map<String, Binding> heard = new ConcurrentHashMap<>();
        try (Database database = open(store);
                SessionTable table = table(database);
                Database otherDatabase = open(store);
                SessionTable other = table(otherDatabase)) {
            other.start(heard::put);
            table.bind("s", new Binding("one", 0));
            table.bind("s", new Binding("two", 1));
            Waiting.until("it is heard", () -> {
                timers.advance(Duration.ofSeconds(1));
                return new Binding("two", 1).equals(heard.get("s"));
            });
        }
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void aStoreThatIsDownSaysNothingAtOnce(TestStore kind) throws Exception {
        Database database = open(kind.create(folder));
        database.close();
        try (SessionTable table = table(database)) {
            assertThat(table.bind("s", new Binding("one", 0))).isEmpty();
            assertThat(database.health().up()).isFalse();
            assertThat(table.bind("s", new Binding("one", 0))).isEmpty();
        }
    }

    private static int count(Database database) throws SQLException {
        return database.<Integer>transaction((Connection connection) -> {
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery("select count(*) from routed_session")) {
                rows.next();
                return rows.getInt(1);
            }
        });
    }

    private static void execute(Database database, String sql) throws SQLException {
        assertThat(database.<Integer>transaction((Connection connection) -> {
                    try (var statement = connection.createStatement()) {
                        return statement.executeUpdate(sql);
                    }
                }))
                .isEqualTo(1);
    }
}
