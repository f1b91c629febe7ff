package ml.helix.wolf.bench.figures;

import java.util.ArrayList;
import java.util.List;

/** Samples over time, and the straight line through them (least squares). Not thread-safe. */
public final class Trend {
    private record Sample(double minutes, double value) {}

    private final List<Sample> samples = new ArrayList<>();

    public void add(double minutes, double value) {
        samples.add(new Sample(minutes, value));
    }

    public double mean() {
        return samples.stream().mapToDouble(Sample::value).average().orElse(0);
    }

    /** How much a minute brings; 0 with fewer than two samples. */
    public double slope() {
        double meanTime =
                samples.stream().mapToDouble(Sample::minutes).average().orElse(0);
        double meanValue = mean();
        double spread = samples.stream()
                .mapToDouble(sample -> Math.pow(sample.minutes - meanTime, 2))
                .sum();
        double together = samples.stream()
                .mapToDouble(sample -> (sample.minutes - meanTime) * (sample.value - meanValue))
                .sum();
        return spread == 0 ? 0 : together / spread;
    }

    /** How much the line rises from the first sample to the last. */
    public double rise() {
        return samples.isEmpty() ? 0 : slope() * (samples.getLast().minutes - samples.getFirst().minutes);
    }
}
