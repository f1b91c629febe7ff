package ml.helix.wolf.agent.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** Writes {@code /status}. */
public final class StatusJson {
    private static final JsonFactory JSON = new JsonFactory();

    private StatusJson() {}

    /**
     * One JSON object. Times are RFC 3339 in UTC, in milliseconds. Of several control planes each has a row, and the fields
     * outside the rows are those of the worst.
     *
     * @param warnings for the admin, a sentence each
     */
    public static String write(Identity identity, List<String> warnings, Status status) {
        var text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            Status.ControlPlane worst = status.worst();
            json.writeStringField("state", worst.state().word());
            json.writeStringField("since", time(worst.since()));
            writeNullable(json, "wolfId", identity.wolfId());
            json.writeStringField("runnerId", identity.runnerId());
            json.writeStringField("controlPlane", worst.url());
            json.writeStringField("local", identity.local());
            writeNullableBoolean(json, "wolfReachable", status.wolf().reachable());
            writeNullableBoolean(json, "wolfHealthy", status.wolf().healthy());
            writeNullable(json, "wolfError", status.wolf().error());
            json.writeNumberField("connects", status.connects());
            json.writeNumberField("streamsActive", status.streamsActive());
            json.writeNumberField("streamsTotal", status.streamsTotal());
            json.writeNumberField("bytesToWolf", status.bytesToWolf());
            json.writeNumberField("bytesFromWolf", status.bytesFromWolf());
            write(json, worst.lastError());
            writeToken(json, status.token());
            if (status.controlPlanes().size() > 1) {
                write(json, status.controlPlanes());
            }
            json.writeArrayFieldStart("warnings");
            for (String warning : warnings) {
                json.writeString(warning);
            }
            json.writeEndArray();
            json.writeStringField("version", identity.version());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, List<Status.ControlPlane> controlPlanes) throws IOException {
        json.writeArrayFieldStart("controlPlanes");
        for (Status.ControlPlane one : controlPlanes) {
            json.writeStartObject();
            json.writeStringField("url", one.url());
            json.writeStringField("state", one.state().word());
            json.writeStringField("since", time(one.since()));
            json.writeNumberField("connects", one.connects());
            write(json, one.lastError());
            writeToken(json, one.token());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeToken(JsonGenerator json, Optional<Status.Token> token) throws IOException {
        if (token.isPresent()) {
            json.writeObjectFieldStart("token");
            json.writeStringField("changedAt", time(token.get().changedAt()));
            json.writeBooleanField("refused", token.get().refused());
            json.writeEndObject();
        }
    }

    private static void write(JsonGenerator json, Optional<Status.LastError> error) throws IOException {
        if (error.isEmpty()) {
            json.writeNullField("lastError");
            return;
        }
        json.writeObjectFieldStart("lastError");
        json.writeStringField("reason", error.get().reason());
        json.writeStringField("message", error.get().message());
        json.writeStringField("at", time(error.get().at()));
        json.writeEndObject();
    }

    private static void writeNullableBoolean(JsonGenerator json, String name, Optional<Boolean> value)
            throws IOException {
        if (value.isPresent()) {
            json.writeBooleanField(name, value.get());
        } else {
            json.writeNullField(name);
        }
    }

    private static void writeNullable(JsonGenerator json, String name, Optional<String> value) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(name, value.get());
        } else {
            json.writeNullField(name);
        }
    }

    private static String time(Instant at) {
        return at.truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
