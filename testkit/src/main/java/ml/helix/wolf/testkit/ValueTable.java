package ml.helix.wolf.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Good and bad values of a WolfTunnel's fields, and of the content of its Secret and ConfigMap, from {@code values.jsonl}. The
 * CRD, the operator and the agent are tested with the same rows, so all three accept the same values.
 */
public final class ValueTable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ValueTable() {}

    /**
     * One value.
     *
     * @param field {@code url}, {@code proxyUrl}, {@code address}, {@code allow}, {@code prefix}, {@code labelKey},
     *     {@code labelValue}, {@code zone}, {@code token} or {@code caBundle}
     * @param good whether a WolfTunnel may have it
     * @param agent whether the agent accepts it: each good value, and some more that are useful on a command line
     * @param value as UTF-8, if it is a field of the WolfTunnel itself
     * @param why a part of the sentence that refuses it: for a WolfTunnel's own field the CRD's, else the agent's and the
     *     operator's; empty for a good value
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Row(String field, boolean good, boolean agent, byte[] value, String why) {
        public String text() {
            return new String(value, StandardCharsets.UTF_8);
        }

        /** For a test's name. */
        @Override
        public String toString() {
            return JSON.getNodeFactory().textNode(text()).toString();
        }
    }

    /** All rows of the field; never none. */
    public static List<Row> of(String field) {
        try (var in = Objects.requireNonNull(ValueTable.class.getResourceAsStream("values.jsonl"))) {
            List<Row> rows = new ArrayList<>();
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                if (!line.isEmpty()) {
                    rows.add(row(JSON.readTree(line)));
                }
            }
            rows.removeIf(row -> !row.field().equals(field));
            if (rows.isEmpty()) {
                throw new IllegalArgumentException("no such field: " + field);
            }
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The good or the bad ones of the field. */
    public static Stream<Row> of(String field, boolean good) {
        return of(field).stream().filter(row -> row.good() == good);
    }

    private static Row row(JsonNode json) {
        byte[] value = json.has("base64")
                ? Base64.getDecoder().decode(json.path("base64").asText())
                : json.path("value").asText().getBytes(StandardCharsets.UTF_8);
        return new Row(
                json.path("field").asText(),
                json.path("good").asBoolean(),
                json.path("good").asBoolean() || json.path("agent").asBoolean(),
                value,
                json.path("why").asText());
    }
}
