package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.controlplane.store.TestStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that refuses what one agent says: the others of its batch are written. */
class RefusedRowIT {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void oneThatIsRefusedKeepsNoOtherOut(TestStore store) throws Exception {
        try (var database = new Database(store.create(folder), InstantSource.system())) {
            database.open();
            execute(database, "alter table instance add constraint refused check (id <> 'wolf-2')");
            var records = new Records(Long.MAX_VALUE);
            try (var sync = new RecordSync(records, database, List::of, InstantSource.system())) {
                for (int i = 1; i <= 3; i++) {
                    records.change(InstanceRecord.heartbeat("wolf-" + i, Facts.NONE, Instant.EPOCH));
                }

                sync.start(); // its first exchange is complete when it returns

                assertThat(database.transaction(RefusedRowIT::ids)).containsExactly("wolf-1", "wolf-3");
                assertThat(database.health().up())
                        .as("a refused row is no outage")
                        .isTrue();
                assertThat(records.hasUnsaved()).as("it isn't tried for ever").isFalse();
                assertThat(records.find("wolf-2")).as("it goes on in memory").isPresent();
            }
            execute(database, "alter table instance drop constraint refused");
            records.change(InstanceRecord.heartbeat("wolf-2", Facts.NONE, Instant.ofEpochSecond(30)));
            try (var sync = new RecordSync(records, database, List::of, InstantSource.system())) {
                sync.start();
                assertThat(database.transaction(RefusedRowIT::ids)).containsExactly("wolf-1", "wolf-2", "wolf-3");
            }
        }
    }

    private static void execute(Database database, String sql) throws SQLException {
        database.transaction(connection -> {
            try (var statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    private static List<String> ids(Connection connection) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("select id from instance order by id")) {
            while (result.next()) {
                ids.add(result.getString(1));
            }
        }
        return ids;
    }
}
