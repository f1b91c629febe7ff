package ml.helix.wolf.agent.doctor;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the doctor found.
 *
 * @param controlPlanes for each control plane, the hops to it
 * @param local the hop to Wolf
 */
public record Diagnosis(List<OfControlPlane> controlPlanes, Check local) {
    private static final JsonFactory JSON = new JsonFactory();

    public Diagnosis {
        controlPlanes = List.copyOf(controlPlanes);
    }

    /** @param checks in the order of the hops */
    record OfControlPlane(String url, List<Check> checks) {
        OfControlPlane {
            checks = List.copyOf(checks);
        }
    }

    /** Whether no hop failed. */
    public boolean healthy() {
        return failed().isEmpty();
    }

    private boolean several() {
        return controlPlanes.size() > 1;
    }

    private List<String> failed() {
        return Stream.concat(
                        controlPlanes.stream().flatMap(one -> one.checks().stream()
                                .filter(Check::failed)
                                .map(check -> check.hop().word() + (several() ? " of " + one.url() : ""))),
                        Stream.of(local).filter(Check::failed).map(check -> check.hop()
                                .word()))
                .toList();
    }

    /**
     * One line for each hop, and a last line with the result. Several control planes have a line with their URL each before
     * their hops, and Wolf has one.
     */
    public String table() {
        var text = new StringBuilder();
        for (OfControlPlane one : controlPlanes) {
            if (several()) {
                text.append(one.url()).append('\n');
            }
            one.checks().forEach(check -> append(text, check));
        }
        if (several()) {
            text.append("Wolf\n");
        }
        append(text, local);
        List<String> failed = failed();
        return text.append(failed.isEmpty() ? "\nAll well.\n" : "\nFailed: " + String.join(", ", failed) + ".\n")
                .toString();
    }

    private static void append(StringBuilder text, Check check) {
        text.append(
                "%-8s %-7s %s\n".formatted(check.hop().word(), check.outcome().word(), check.detail()));
    }

    /**
     * One object: {@code {"healthy":…,"checks":[{"hop","outcome","detail"}]}}; outcomes are ok, failed, skipped. With several
     * control planes, each check of one has its URL as {@code controlPlane}.
     */
    public String json() {
        var text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeBooleanField("healthy", healthy());
            json.writeArrayFieldStart("checks");
            for (OfControlPlane one : controlPlanes) {
                for (Check check : one.checks()) {
                    write(json, several() ? Optional.of(one.url()) : Optional.empty(), check);
                }
            }
            write(json, Optional.empty(), local);
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.append('\n').toString();
    }

    private static void write(JsonGenerator json, Optional<String> controlPlane, Check check) throws IOException {
        json.writeStartObject();
        if (controlPlane.isPresent()) {
            json.writeStringField("controlPlane", controlPlane.get());
        }
        json.writeStringField("hop", check.hop().word());
        json.writeStringField("outcome", check.outcome().name().toLowerCase(Locale.ROOT));
        json.writeStringField("detail", check.detail());
        json.writeEndObject();
    }
}
