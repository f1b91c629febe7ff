package ml.helix.wolf.bench.figures;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The figures of several programs side by side.
 *
 * @param columns the programs, {@link #RAW} among them
 */
public record Table(String description, List<String> columns, List<Row> rows) {
    /** The column of the same transfers without any program. */
    public static final String RAW = "raw TCP";

    /**
     * One metric.
     *
     * @param values by column; a program that can't do this has none
     */
    public record Row(Metric metric, Map<String, Double> values) {
        Optional<Double> value(String column) {
            return Optional.ofNullable(values.get(column));
        }
    }

    public Table {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }

    /** As Markdown: each value, and its share of raw TCP. */
    public String markdown() {
        return markdown(row -> column -> row.value(column)
                .map(value -> number(value)
                        + row.value(RAW)
                                .filter(raw -> raw != 0 && !column.equals(RAW))
                                .map(raw -> " (" + ratio(value / raw) + ")")
                                .orElse(""))
                .orElse(""));
    }

    /** As Markdown: the values of one column, and all others as ratios to it. */
    public String markdown(String base) {
        return markdown(row -> column -> row.value(column)
                .map(value -> row.value(base)
                        .filter(of -> of != 0)
                        .map(of -> column.equals(base) ? "1 (" + number(of) + ")" : ratio(value / of))
                        .orElseGet(() -> number(value)))
                .orElse(""));
    }

    private String markdown(Function<Row, Function<String, String>> cells) {
        var text = new StringBuilder("| |");
        columns.forEach(column -> text.append(' ').append(column).append(" |"));
        text.append("\n|---|").repeat("---:|", columns.size()).append('\n');
        for (Row row : rows) {
            text.append("| ").append(title(row.metric())).append(" |");
            columns.forEach(column ->
                    text.append(' ').append(cells.apply(row).apply(column)).append(" |"));
            text.append('\n');
        }
        return text.toString();
    }

    /** As Markdown: this table's figures before, another's after, and how they changed. Columns or rows of one alone are left out. */
    public String compare(Table after) {
        var text =
                new StringBuilder("| | program | before | after | after / before | |\n|---|---|---:|---:|---:|---|\n");
        for (Row row : rows) {
            after.rows.stream()
                    .filter(other -> other.metric.equals(row.metric))
                    .forEach(other -> row.values.keySet().stream()
                            .filter(other.values::containsKey)
                            .forEach(column -> {
                                double was = row.value(column).orElseThrow();
                                double is = other.value(column).orElseThrow();
                                text.append("| %s | %s | %s | %s | %s | %s |\n"
                                        .formatted(
                                                title(row.metric),
                                                column,
                                                number(was),
                                                number(is),
                                                was == 0 ? "" : ratio(is / was),
                                                change(row.metric.better(), was, is)));
                            }));
        }
        return text.toString();
    }

    /** Runs on one machine differ by some percent: what is less than a tenth is no news. */
    private static String change(Metric.Better better, double was, double is) {
        if (Math.abs(is - was) < 0.1 * Math.abs(was)) {
            return "";
        }
        return is > was == (better == Metric.Better.MORE) ? "better" : "worse";
    }

    private static String title(Metric metric) {
        return metric.name() + (metric.unit().isEmpty() ? "" : " (" + metric.unit() + ")");
    }

    private static String ratio(double ratio) {
        return number(ratio);
    }

    static String number(double value) {
        double size = Math.abs(value);
        String format = size >= 99.95 ? "%,.0f" : size >= 9.995 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
