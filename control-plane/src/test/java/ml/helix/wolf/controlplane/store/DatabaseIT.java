package ml.helix.wolf.controlplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.PostgresServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** H2 and a real PostgreSQL server, as the store uses them. */
class DatabaseIT {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void theFirstTransactionCreatesTheTablesAndTheNextProcessFindsThem(TestStore store) throws Exception {
        StoreSettings settings = store.create(folder);
        try (var database = open(settings)) {
            database.transaction(connection -> insert(connection, "wolf-1"));
            assertThat(database.health().up()).isTrue();
        }
        try (var database = open(settings)) {
            assertThat(database.transaction(DatabaseIT::count)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void aTransactionThatFailsChangesNothing(TestStore store) throws Exception {
        try (var database = open(store.create(folder))) {
            assertThatThrownBy(() -> database.transaction(connection -> {
                        insert(connection, "wolf-1");
                        return insert(connection, "wolf-1");
                    }))
                    .isInstanceOf(SQLException.class);

            assertThat(database.health().up()).as("a refused row is no outage").isTrue();
            assertThat(database.transaction(DatabaseIT::count)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void whatAFailedBatchWroteIsNotInTheHealth(TestStore store) throws Exception {
        try (var database = open(store.create(folder))) {
            assertThatThrownBy(() -> database.transaction(connection -> {
                        try (var insert = connection.prepareStatement(
                                "insert into instance (id, gpu_name, version) values (?, 'what-it-wrote', 0)")) {
                            for (int i = 0; i < 2; i++) {
                                insert.setString(1, "wolf-1");
                                insert.addBatch();
                            }
                            return insert.executeBatch();
                        }
                    }))
                    .isInstanceOf(SQLException.class);
            assertThat(database.health().problem()).doesNotContain("what-it-wrote", "insert into");
        }
    }

    @Test
    void healthSaysSinceWhenTheStoreIsDownAndWhy() throws Exception {
        assumePostgres();
        var now = new AtomicReference<>(Instant.EPOCH);
        try (var server = PostgresServer.start();
                var database = new Database(postgres(server.createDatabase()), now::get)) {
            database.open();
            server.stop();
            now.set(Instant.ofEpochSecond(1));
            assertThatThrownBy(() -> database.transaction(DatabaseIT::count)).isInstanceOf(SQLException.class);
            now.set(Instant.ofEpochSecond(2));
            assertThatThrownBy(() -> database.transaction(DatabaseIT::count)).isInstanceOf(SQLException.class);

            StoreHealth down = database.health();
            assertThat(down.up()).isFalse();
            assertThat(down.since()).isEqualTo(Instant.ofEpochSecond(1));
            assertThat(down.problem()).isNotEmpty().doesNotContain(PostgresServer.PASSWORD);

            server.resume();
            now.set(Instant.ofEpochSecond(3));
            assertThat(database.transaction(DatabaseIT::count)).isZero();
            assertThat(database.health()).isEqualTo(new StoreHealth(true, Instant.ofEpochSecond(3), ""));
        }
    }

    @Test
    void postgresMayBeUnreachableAtTheStart() throws Exception {
        assumePostgres();
        try (var server = PostgresServer.start()) {
            StoreSettings settings = postgres(server.createDatabase());
            server.stop();
            try (var database = new Database(settings, InstantSource.system())) {
                assertThatCode(database::open).doesNotThrowAnyException();
                server.resume();
                assertThat(database.transaction(DatabaseIT::count)).isZero();
            }
        }
    }

    @Test
    void aWrongPasswordIsSaidAndThePasswordIsNot() throws Exception {
        assumePostgres();
        String url = PostgresServer.shared().createDatabase();
        var wrong = new StorePassword.Fixed(Secret.of("wrong-" + PostgresServer.PASSWORD));
        try (var database = open(new StoreSettings(url, PostgresServer.USER, wrong))) {
            assertThat(database.health().problem())
                    .contains("password authentication failed")
                    .doesNotContain(PostgresServer.PASSWORD);
        }
    }

    @Test
    void aPasswordFileIsReadForEachConnection() throws Exception {
        assumePostgres();
        Path file = Files.writeString(folder.resolve("password"), "not-yet");
        var password = new StorePassword.InFile(file);
        try (var database =
                open(new StoreSettings(PostgresServer.shared().createDatabase(), PostgresServer.USER, password))) {
            assertThat(database.health().up()).isFalse();
            Files.writeString(file, PostgresServer.PASSWORD + "\n");
            assertThat(database.transaction(DatabaseIT::count)).isZero();
        }
    }

    @Test
    void anH2FileThatAnotherProcessHoldsOrThatCannotBeWrittenIsAnErrorThatSaysWhatToDo() throws Exception {
        Path noFolder = Files.writeString(folder.resolve("file"), "");
        var settings = new StoreSettings("jdbc:h2:file:" + noFolder + "/store", "", new StorePassword.None());
        try (var database = new Database(settings, InstantSource.system())) {
            assertThatThrownBy(database::open)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("jdbc:h2:file:" + noFolder + "/store can't be used")
                    .hasMessageContaining("-store names another file in a folder that can be written");
        }
    }

    @Test
    void anH2FileIsAllThatIsLeftAfterTheEnd() throws Exception {
        open(new StoreSettings("jdbc:h2:file:" + folder + "/store", "", new StorePassword.None()))
                .close();

        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("store.mv.db"));
        }
    }

    private static Database open(StoreSettings settings) throws IOException {
        var database = new Database(settings, InstantSource.system());
        database.open();
        return database;
    }

    private static void assumePostgres() {
        assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
    }

    private static StoreSettings postgres(String url) {
        return TestStore.postgres(url);
    }

    private static boolean insert(Connection connection, String id) throws SQLException {
        try (var statement = connection.prepareStatement("insert into instance (id, version) values (?, 0)")) {
            statement.setString(1, id);
            return statement.executeUpdate() == 1;
        }
    }

    private static int count(Connection connection) throws SQLException {
        try (var statement = connection.prepareStatement("select count(*) from instance");
                var rows = statement.executeQuery()) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
