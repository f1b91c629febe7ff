package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import ml.helix.wolf.controlplane.store.Database;
import ml.helix.wolf.controlplane.store.TestStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that holds more than fits in memory: an older build let it grow, or the program has less memory now. */
class OverfullStoreIT {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(TestStore.class)
    void theStartKeepsWhatFitsAndThoseThatAnAdminKnowsFirst(TestStore store) throws Exception {
        try (var database = new Database(store.create(folder), InstantSource.system())) {
            database.open();
            database.transaction(connection -> fill(database, connection));
            var records = new Records(20_000);
            try (var sync = new RecordSync(records, database, List::of, InstantSource.system())) {
                sync.start();
                assertThat(records.all()).hasSizeBetween(10, 39);
                assertThat(records.find("wolf-registered")).isPresent();
            }
        }
    }

    private static boolean fill(Database database, Connection connection) throws SQLException {
        var table = new RecordTable(database.isPostgres(), 0);
        for (int i = 0; i < 1000; i++) {
            table.merge(connection, List.of(InstanceRecord.connected("wolf-" + i, Instant.EPOCH)));
        }
        table.merge(connection, List.of(InstanceRecord.registered("wolf-registered", Facts.NONE)));
        return true;
    }
}
