package ml.helix.wolf.bench.figures;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A line for each series over the same steps of x, drawn as SVG. The y axis begins at 0.
 *
 * @param steps what is under the x axis, at equal distances
 * @param series by name, with one value for each step
 */
public record Plot(String title, List<String> steps, Map<String, List<Double>> series) {
    private static final int WIDTH = 340;
    private static final int HEIGHT = 260;
    private static final int LEFT = 60;
    private static final int TOP = 40;
    private static final int INNER_WIDTH = 260;
    private static final int INNER_HEIGHT = 150;
    private static final List<String> COLOURS = List.of("#1f6feb", "#d1572a", "#2e8540", "#8250df");

    /** Plots side by side, on a white ground so that dark pages show them too. */
    public static String svg(List<Plot> plots) {
        var svg = new StringBuilder(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        .formatted(WIDTH * plots.size(), HEIGHT));
        svg.append(" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        for (int i = 0; i < plots.size(); i++) {
            svg.append("<g transform=\"translate(%d,0)\">\n%s</g>\n"
                    .formatted(i * WIDTH, plots.get(i).group()));
        }
        return svg.append("</svg>\n").toString();
    }

    private String group() {
        double most = series.values().stream()
                .flatMap(List::stream)
                .mapToDouble(value -> value)
                .max()
                .orElse(0);
        double top = roundUp(most);
        var svg = new StringBuilder("<text x=\"%d\" y=\"20\" font-size=\"13\">%s</text>\n".formatted(LEFT, title));
        for (int line = 0; line <= 4; line++) {
            double y = y(top * line / 4, top);
            svg.append("<line x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\" stroke=\"#ddd\"/>\n"
                    .formatted(LEFT, LEFT + INNER_WIDTH, number(y), number(y)));
            svg.append("<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>\n"
                    .formatted(LEFT - 6, number(y + 4), Table.number(top * line / 4)));
        }
        for (int i = 0; i < steps.size(); i++) {
            svg.append("<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>\n"
                    .formatted(number(x(i)), TOP + INNER_HEIGHT + 16, steps.get(i)));
        }
        int colour = 0;
        for (var one : series.entrySet()) {
            List<Double> values = one.getValue();
            String points = IntStream.range(0, values.size())
                    .mapToObj(i -> number(x(i)) + "," + number(y(values.get(i), top)))
                    .reduce((before, next) -> before + " " + next)
                    .orElse("");
            String stroke = COLOURS.get(colour % COLOURS.size());
            svg.append("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>\n"
                    .formatted(stroke, points));
            svg.append("<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n"
                    .formatted(
                            LEFT + 130 * (colour % 2),
                            TOP + INNER_HEIGHT + 36 + 15 * (colour / 2),
                            stroke,
                            one.getKey()));
            colour++;
        }
        return svg.toString();
    }

    private double x(int step) {
        return LEFT + (steps.size() < 2 ? 0 : INNER_WIDTH * (double) step / (steps.size() - 1));
    }

    private static double y(double value, double top) {
        return TOP + INNER_HEIGHT * (1 - value / top);
    }

    /** To 1, 2, 4, 6 or 8 times a power of ten, which four lines divide well. */
    static double roundUp(double value) {
        if (value <= 0) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double factor : new double[] {1, 2, 4, 6, 8}) {
            if (value <= factor * power) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
