package ml.helix.wolf.bench.figures;

/** One measured value. */
public record Figure(Metric metric, double value) {}
