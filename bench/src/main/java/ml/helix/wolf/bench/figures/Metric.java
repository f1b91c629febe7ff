package ml.helix.wolf.bench.figures;

/**
 * What a row of a table is about.
 *
 * @param better which value of two is the better one
 */
public record Metric(String name, String unit, Better better) {

    /** Which of two values is the better one. */
    public enum Better {
        MORE,
        LESS
    }

    public static Metric more(String name, String unit) {
        return new Metric(name, unit, Better.MORE);
    }

    public static Metric less(String name, String unit) {
        return new Metric(name, unit, Better.LESS);
    }
}
