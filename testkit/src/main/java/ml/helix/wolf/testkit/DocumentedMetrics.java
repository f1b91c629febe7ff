package ml.helix.wolf.testkit;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The metrics that docs/metrics.md lists and those that a program serves, both as {@code name type [label, label]}, in order. */
public final class DocumentedMetrics {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(wolf_\\w+)` \\| (\\w+) \\|([^|]*)\\| .*\\S.* \\|$");
    private static final Pattern QUOTED = Pattern.compile("`(\\w+)`");
    private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (\\w+) (\\w+)$");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

    private DocumentedMetrics() {}

    /**
     * Of one program.
     *
     * @param heading of its section, for example {@code The agent}
     */
    public static List<String> documented(String heading) throws IOException {
        String document = Files.readString(Path.of("../docs/metrics.md"));
        int begin = document.indexOf("\n## " + heading + "\n");
        if (begin < 0) {
            throw new IllegalArgumentException("docs/metrics.md has no section '" + heading + "'");
        }
        int end = document.indexOf("\n## ", begin + 1);
        return ROW.matcher(document.substring(begin, end < 0 ? document.length() : end))
                .results()
                .map(row -> line(row.group(1), row.group(2), groups(QUOTED, row.group(3))))
                .sorted()
                .toList();
    }

    /** @param text what {@code /metrics} answers */
    public static List<String> served(String text) {
        var types = new TreeMap<String, String>();
        TYPE.matcher(text).results().forEach(type -> types.put(type.group(1), type.group(2)));
        return types.entrySet().stream()
                .map(metric -> line(metric.getKey(), metric.getValue(), labels(text, metric.getKey())))
                .toList();
    }

    private static List<String> labels(String text, String metric) {
        var labels = new TreeSet<String>();
        Pattern.compile("(?m)^" + metric + "(_bucket|_sum|_count)?\\{(.*)} ")
                .matcher(text)
                .results()
                .forEach(sample -> labels.addAll(groups(LABEL, sample.group(2))));
        labels.remove("le");
        return List.copyOf(labels);
    }

    private static List<String> groups(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }

    private static String line(String name, String type, List<String> labels) {
        return labels.stream().sorted().collect(joining(", ", name + " " + type + " [", "]"));
    }
}
