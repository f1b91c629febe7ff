package ml.helix.wolf.kubectl.status;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What to do about a reason: the table "Reasons" of {@code docs/status.md}, which is on the class path. */
public final class Advice {
    private static final int CELLS = 5;

    private final Map<String, Row> rows;

    /**
     * A row of the table.
     *
     * @param acts who: you, nobody (it recovers by itself), wait (it is in progress), or empty
     * @param what what to do; empty if there is nothing to do
     */
    public record Row(String acts, String what) {
        static final Row NONE = new Row("", "");
    }

    private Advice(Map<String, Row> rows) {
        this.rows = Map.copyOf(rows);
    }

    /** The advice of this build. */
    public static Advice ofThisBuild() {
        try (InputStream in = Advice.class.getResourceAsStream("status.md")) {
            if (in == null) {
                throw new IllegalStateException("status.md is not on the class path");
            }
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Advice parse(String markdown) {
        var rows = new HashMap<String, Row>();
        int begin = markdown.indexOf("\n## Reasons\n");
        int end = markdown.indexOf("\n## ", begin + 1);
        for (String line : markdown.substring(begin, end).split("\n")) {
            if (line.startsWith("| `")) {
                String[] cells = line.substring(1).split("\\|", -1);
                rows.put(
                        plain(cells[0]), new Row(plain(cells[2]), cells.length > CELLS ? plain(cells[CELLS - 1]) : ""));
            }
        }
        return new Advice(rows);
    }

    private static String plain(String cell) {
        var text = new StringBuilder(cell.length());
        for (int i = 0; i < cell.length(); i++) {
            char c = cell.charAt(i);
            if (c != '`') {
                text.append(c);
            }
        }
        return text.toString().strip();
    }

    /** The row of this reason; with nothing in it if this build doesn't know the reason. */
    public Row of(String reason) {
        return rows.getOrDefault(reason, Row.NONE);
    }

    /** What to do about this reason of a WolfTunnel with this name. */
    public String about(String reason, String name) {
        return of(reason).what().replace("NAME", name);
    }

    Map<String, Row> rows() {
        return rows;
    }
}
