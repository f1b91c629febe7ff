package ml.helix.wolf.controlplane.registry;

import static java.util.stream.Collectors.joining;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The table of records. A write names only what has changed, so replicas don't undo one another's changes. Immutable; each
 * call needs a connection of its own.
 *
 * @param postgres whether it is PostgreSQL, which several replicas may share; else H2
 * @param mostBytes of memory that the rows of one reading may take; the rest is left out
 */
record RecordTable(boolean postgres, long mostBytes) {
    private static final List<Column> COLUMNS = List.of(
            Column.of("zone", Types.VARCHAR, record -> record.facts().zone()),
            Column.of("labels", Types.VARCHAR, record -> lines(record.facts().labels())),
            Column.of("max_sessions", Types.INTEGER, record -> record.facts().maxSessions()),
            Column.of("active_sessions", Types.INTEGER, record -> record.facts().activeSessions()),
            Column.of("gpu_vendor", Types.VARCHAR, record -> record.facts().gpuVendor()),
            Column.of("gpu_name", Types.VARCHAR, record -> record.facts().gpuName()),
            Column.of("gpu_count", Types.INTEGER, record -> record.facts().gpuCount()),
            Column.of("gpu_utilization_percent", Types.DOUBLE, record -> record.facts()
                    .gpuUtilizationPercent()),
            Column.of("gpu_memory_used_mb", Types.INTEGER, record -> record.facts()
                    .gpuMemoryUsedMb()),
            Column.of("gpu_memory_total_mb", Types.INTEGER, record -> record.facts()
                    .gpuMemoryTotalMb()),
            Column.of("gpu_temperature_celsius", Types.DOUBLE, record -> record.facts()
                    .gpuTemperatureCelsius()),
            Column.of(
                    "encoder_sessions", Types.INTEGER, record -> record.facts().encoderSessions()),
            Column.of("wolf_reachable", Types.BOOLEAN, record -> record.facts().wolfReachable()),
            Column.of("wolf_health", Types.VARCHAR, record -> record.facts().wolfHealth()),
            Column.of("agent_version", Types.VARCHAR, record -> record.facts().agentVersion()),
            Column.state("cordoned", Types.BOOLEAN, record -> record.facts().cordoned()),
            Column.state("registered", Types.BOOLEAN, InstanceRecord::registered),
            Column.state("draining", Types.BOOLEAN, InstanceRecord::draining),
            Column.state("last_heartbeat", Types.TIMESTAMP_WITH_TIMEZONE, InstanceRecord::lastHeartbeat),
            Column.state("connected_at", Types.TIMESTAMP_WITH_TIMEZONE, InstanceRecord::connectedAt),
            Column.state("lost_at", Types.TIMESTAMP_WITH_TIMEZONE, InstanceRecord::lostAt));

    private static final String SELECT =
            "select id, " + COLUMNS.stream().map(Column::name).collect(joining(", ")) + " from instance";

    /** Those that an admin knows of come first, then those of which was heard last. */
    private static final String ORDER = " order by case when registered or draining then 0 else 1 end,"
            + " coalesce(last_heartbeat, lost_at, connected_at) desc nulls last, id";

    /** How many rows are in memory as the driver's. */
    private static final int FETCH = 1000;

    /** @param fact whether a replacement of the facts empties it if it has no value */
    private record Column(String name, int type, boolean fact, Function<InstanceRecord, @Nullable Object> value) {
        static Column of(String name, int type, Function<InstanceRecord, @Nullable Object> value) {
            return new Column(name, type, true, value);
        }

        static Column state(String name, int type, Function<InstanceRecord, @Nullable Object> value) {
            return new Column(name, type, false, value);
        }

        String typeName() {
            return switch (type) {
                case Types.VARCHAR -> "varchar";
                case Types.INTEGER -> "integer";
                case Types.DOUBLE -> "double precision";
                case Types.BOOLEAN -> "boolean";
                default -> "timestamp(3) with time zone";
            };
        }

        String update(boolean replaceFacts) {
            String pattern;
            if (type == Types.TIMESTAMP_WITH_TIMEZONE) { // times only grow
                pattern = "%1$s = coalesce(greatest(excluded.%1$s, instance.%1$s), excluded.%1$s, instance.%1$s)";
            } else {
                pattern =
                        fact && replaceFacts ? "%1$s = excluded.%1$s" : "%1$s = coalesce(excluded.%1$s, instance.%1$s)";
            }
            return pattern.formatted(name);
        }
    }

    /**
     * What the table holds.
     *
     * @param all whether there is nothing else in it; else only rows that may be new since the last reading
     * @param position where the next reading begins; null where the last one did
     * @param omitted rows for which there is no room in memory: those of which was heard longest ago
     */
    record Reading(
            List<InstanceRecord> rows,
            boolean all,
            @Nullable Position position,
            int omitted) {
        /** When nobody else writes, there is nothing to read. */
        static final Reading NOTHING = new Reading(List.of(), false, null, 0);
    }

    /**
     * @param version rows of this version and later ones may be new
     * @param deletions how often rows were deleted
     */
    record Position(long version, long deletions) {}

    /** Merges changes into the table; at most one for each id. */
    void merge(Connection connection, Collection<InstanceRecord> changes) throws SQLException {
        upsert(connection, changes, false);
    }

    void write(Connection connection, AdminChange change) throws SQLException {
        switch (change) {
            case AdminChange.Merge(InstanceRecord merged) -> upsert(connection, List.of(merged), false);
            case AdminChange.Replace(InstanceRecord replacement) -> upsert(connection, List.of(replacement), true);
            case AdminChange.Forget(String id) -> delete(connection, id);
        }
    }

    private void upsert(Connection connection, Collection<InstanceRecord> changes, boolean replaceFacts)
            throws SQLException {
        if (changes.isEmpty()) {
            return;
        }
        try (var statement = connection.prepareStatement(upsert(replaceFacts))) {
            for (InstanceRecord change : changes) {
                statement.setString(1, change.id());
                for (int i = 0; i < COLUMNS.size(); i++) {
                    set(statement, i + 2, COLUMNS.get(i), change);
                }
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void set(PreparedStatement statement, int index, Column column, InstanceRecord record)
            throws SQLException {
        Object value = column.value.apply(record);
        statement.setObject(index, value instanceof Instant time ? time.atOffset(ZoneOffset.UTC) : value, column.type);
    }

    /** PostgreSQL's driver makes one statement with many rows of a batch of these; H2 has no {@code on conflict}. */
    private String upsert(boolean replaceFacts) {
        String names = COLUMNS.stream().map(Column::name).collect(joining(", "));
        String updates =
                COLUMNS.stream().map(column -> column.update(replaceFacts)).collect(joining(", "));
        if (postgres) {
            return "insert into instance (id, " + names + ", version) values (?, "
                    + COLUMNS.stream().map(column -> "?").collect(joining(", "))
                    + ", pg_current_xact_id()::text::bigint) on conflict (id) do update set " + updates
                    + ", version = excluded.version";
        }
        return "merge into instance using (values (cast(? as varchar), "
                + COLUMNS.stream()
                        .map(column -> "cast(? as " + column.typeName() + ")")
                        .collect(joining(", "))
                + ")) as excluded (id, " + names + ") on instance.id = excluded.id when matched then update set "
                + updates
                + " when not matched then insert (id, " + names + ", version) values (excluded.id, "
                + COLUMNS.stream().map(column -> "excluded." + column.name).collect(joining(", ")) + ", 0)";
    }

    /**
     * Writes a row and deletes it: a store that was down may be readable, but full. Nobody ever sees the row.
     *
     * @throws SQLException if there is no room for a change
     */
    void probe(Connection connection) throws SQLException {
        try (var insert = connection.prepareStatement(
                        "insert into instance (id, wolf_health, version) values (?, ?, 0)");
                var delete = connection.prepareStatement("delete from instance where id = ?")) {
            String id = UUID.randomUUID().toString();
            insert.setString(1, id);
            insert.setString(2, "-".repeat(1024));
            insert.executeUpdate();
            delete.setString(1, id);
            delete.executeUpdate();
        }
    }

    private static void delete(Connection connection, String id) throws SQLException {
        try (var delete = connection.prepareStatement("delete from instance where id = ?");
                var count = connection.prepareStatement("update instance_deletions set total = total + 1")) {
            delete.setString(1, id);
            if (delete.executeUpdate() > 0) {
                count.executeUpdate();
            }
        }
    }

    /**
     * Reads what may be new.
     *
     * @param last where the last reading ended; null reads all
     */
    Reading read(Connection connection, @Nullable Position last) throws SQLException {
        Position position = position(connection);
        boolean all = last == null || last.deletions != position.deletions;
        List<InstanceRecord> rows = new ArrayList<>();
        long bytes = 0;
        int omitted = 0;
        try (var select = connection.prepareStatement(all ? SELECT + ORDER : SELECT + " where version >= ?")) {
            select.setFetchSize(FETCH);
            if (!all && last != null) {
                select.setLong(1, last.version);
            }
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    InstanceRecord row = record(found);
                    bytes += Records.bytes(row);
                    if (bytes <= mostBytes && rows.size() < Records.MAX_RECORDS) {
                        rows.add(row);
                    } else {
                        omitted++;
                    }
                }
            }
        }
        return new Reading(rows, all, position, omitted);
    }

    /**
     * The next reading begins at the oldest transaction that runs now: it may still commit rows with its id, and those of all
     * before it are to be seen now.
     */
    private Position position(Connection connection) throws SQLException {
        String oldest = postgres ? "pg_snapshot_xmin(pg_current_snapshot())::text::bigint" : "0";
        try (var select = connection.prepareStatement("select " + oldest + ", total from instance_deletions");
                ResultSet found = select.executeQuery()) {
            if (!found.next()) {
                throw new SQLException("the table instance_deletions is empty; it must have one row");
            }
            return new Position(found.getLong(1), found.getLong(2));
        }
    }

    private static InstanceRecord record(ResultSet row) throws SQLException {
        var facts = new Facts(
                row.getString("zone"),
                labels(row.getString("labels")),
                row.getObject("max_sessions", Integer.class),
                row.getObject("active_sessions", Integer.class),
                row.getString("gpu_vendor"),
                row.getString("gpu_name"),
                row.getObject("gpu_count", Integer.class),
                row.getObject("gpu_utilization_percent", Double.class),
                row.getObject("gpu_memory_used_mb", Integer.class),
                row.getObject("gpu_memory_total_mb", Integer.class),
                row.getObject("gpu_temperature_celsius", Double.class),
                row.getObject("encoder_sessions", Integer.class),
                row.getObject("wolf_reachable", Boolean.class),
                row.getString("wolf_health"),
                row.getString("agent_version"),
                row.getObject("cordoned", Boolean.class));
        return new InstanceRecord(
                row.getString("id"),
                facts,
                row.getObject("registered", Boolean.class),
                row.getObject("draining", Boolean.class),
                time(row, "last_heartbeat"),
                time(row, "connected_at"),
                time(row, "lost_at"));
    }

    private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /** A label's characters are none of the two that separate them here. */
    private static @Nullable String lines(@Nullable Map<String, String> labels) {
        return labels == null
                ? null
                : new TreeMap<>(labels)
                        .entrySet().stream()
                                .map(label -> label.getKey() + "=" + label.getValue())
                                .collect(joining("\n"));
    }

    private static @Nullable Map<String, String> labels(@Nullable String lines) {
        if (lines == null) {
            return null;
        }
        Map<String, String> labels = new HashMap<>();
        lines.lines()
                .forEach(line ->
                        labels.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1)));
        return labels;
    }
}
