package ml.helix.wolf.agent.doctor;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/** What the doctor found, in the order of the hops. */
public record Diagnosis(List<Check> checks) {
    private static final JsonFactory JSON = new JsonFactory();

    public Diagnosis {
        checks = List.copyOf(checks);
    }

    /** Whether no hop failed. */
    public boolean healthy() {
        return checks.stream().noneMatch(check -> check.outcome() == Check.Outcome.FAILED);
    }

    /** One line for each hop, and a last line with the result. */
    public String table() {
        var text = new StringBuilder();
        for (Check check : checks) {
            text.append("%-8s %-7s %s\n"
                    .formatted(check.hop().word(), check.outcome().word(), check.detail()));
        }
        List<String> failed = checks.stream()
                .filter(check -> check.outcome() == Check.Outcome.FAILED)
                .map(check -> check.hop().word())
                .toList();
        return text.append(failed.isEmpty() ? "\nAll well.\n" : "\nFailed: " + String.join(", ", failed) + ".\n")
                .toString();
    }

    /** One object: {@code {"healthy":…,"checks":[{"hop","outcome","detail"}]}}; outcomes are ok, failed, skipped. */
    public String json() {
        var text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeBooleanField("healthy", healthy());
            json.writeArrayFieldStart("checks");
            for (Check check : checks) {
                json.writeStartObject();
                json.writeStringField("hop", check.hop().word());
                json.writeStringField("outcome", check.outcome().name().toLowerCase(Locale.ROOT));
                json.writeStringField("detail", check.detail());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.append('\n').toString();
    }
}
