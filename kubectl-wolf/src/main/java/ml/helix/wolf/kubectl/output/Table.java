package ml.helix.wolf.kubectl.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table as kubectl prints it: columns of equal width, three spaces between them. Not thread-safe. */
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... header) {
        rows.add(List.of(header));
    }

    /** Adds a row. An empty cell shows as {@code -}. */
    public void add(String... cells) {
        rows.add(Arrays.stream(cells).map(cell -> cell.isEmpty() ? "-" : cell).toList());
    }

    /** The lines, each with its line break. */
    @Override
    public String toString() {
        var text = new StringBuilder();
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        rows.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        rows.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                text.append(i == columns - 1 ? row.get(i) : Lines.pad(row.get(i), widths[i] + 3));
            }
            text.append('\n');
        });
        return text.toString();
    }
}
