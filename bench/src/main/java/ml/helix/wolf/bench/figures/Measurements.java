package ml.helix.wolf.bench.figures;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Collects figures of several programs over several rounds. The table shows each one's median. Not thread-safe. */
public final class Measurements {
    private final List<String> columns;
    private final Map<Metric, Map<String, List<Double>>> values = new LinkedHashMap<>();

    public Measurements(List<String> columns) {
        this.columns = List.copyOf(columns);
    }

    public void add(String column, Figure figure) {
        values.computeIfAbsent(figure.metric(), metric -> new LinkedHashMap<>())
                .computeIfAbsent(column, name -> new ArrayList<>())
                .add(figure.value());
    }

    /** @param description what was measured, and when */
    public Table table(String description) {
        List<Table.Row> rows = new ArrayList<>();
        values.forEach((metric, byColumn) -> {
            Map<String, Double> medians = new TreeMap<>();
            byColumn.forEach((column, all) -> medians.put(column, median(all)));
            rows.add(new Table.Row(metric, medians));
        });
        return new Table(description, columns, rows);
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
