package ml.helix.wolf.kubectl.doctor;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import ml.helix.wolf.kubectl.doctor.Finding.Outcome;
import ml.helix.wolf.kubectl.output.Lines;
import ml.helix.wolf.kubectl.output.Style;

/** All findings about a WolfTunnel. */
public record Report(String name, List<Finding> findings) {
    private static final int OUTCOME_WIDTH = 9;
    private static final int CHECK_WIDTH = 18;

    public Report {
        findings = List.copyOf(findings);
    }

    /** Whether no check failed. */
    public boolean isHealthy() {
        return failed().isEmpty();
    }

    private List<String> failed() {
        return findings.stream()
                .filter(finding -> finding.outcome() == Outcome.failed)
                .map(finding -> finding.check() + (finding.where().isEmpty() ? "" : " on " + finding.where()))
                .distinct()
                .toList();
    }

    /** A line for each finding, what to do below it, and a last line with the result. */
    public String text(Style style, int columns) {
        var text = new StringBuilder(style.strong(name)).append('\n');
        String where = "";
        for (Finding finding : findings) {
            if (!finding.where().equals(where)) {
                where = finding.where();
                text.append(style.strong("agent on " + where)).append('\n');
            }
            append(text, finding, style, columns);
        }
        List<String> failed = failed();
        return text.append('\n')
                .append(
                        failed.isEmpty()
                                ? style.good("All well.")
                                : style.bad("Failed: " + String.join(", ", failed) + "."))
                .append('\n')
                .toString();
    }

    private static void append(StringBuilder text, Finding finding, Style style, int columns) {
        String word = Lines.pad(
                finding.outcome() == Outcome.failed
                        ? "FAILED"
                        : finding.outcome() == Outcome.skipped
                                ? "-"
                                : finding.outcome().name(),
                OUTCOME_WIDTH);
        text.append("  ")
                .append(
                        switch (finding.outcome()) {
                            case ok -> style.good(word);
                            case warning -> style.warning(word);
                            case failed -> style.bad(word);
                            case skipped -> style.faint(word);
                        })
                .append(Lines.pad(finding.check(), CHECK_WIDTH));
        int indent = 2 + OUTCOME_WIDTH + CHECK_WIDTH;
        lines(text, "", finding.detail(), indent, columns);
        if (!finding.advice().isEmpty()) {
            text.append(" ".repeat(indent));
            lines(text, "→ ", finding.advice(), indent, columns);
        }
    }

    private static void lines(StringBuilder text, String mark, String what, int indent, int columns) {
        boolean first = true;
        for (String line : Lines.wrap(what, columns == 0 ? 0 : columns - indent - mark.length())) {
            text.append(first ? mark : " ".repeat(indent + mark.length()))
                    .append(line)
                    .append('\n');
            first = false;
        }
    }

    /** {@code {"wolfTunnel","healthy","checks":[{"node","check","outcome","detail","advice"}]}}. */
    public ObjectNode json() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        all.put("wolfTunnel", name);
        all.put("healthy", isHealthy());
        var checks = all.putArray("checks");
        findings.forEach(finding -> checks.addObject()
                .put("node", finding.where())
                .put("check", finding.check())
                .put("outcome", finding.outcome().name())
                .put("detail", finding.detail())
                .put("advice", finding.advice()));
        return all;
    }
}
