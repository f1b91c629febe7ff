package ml.helix.wolf.agent.heartbeat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import ml.helix.wolf.program.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Reads Wolf's answers, token by token: memory doesn't depend on an answer's length. A value of another type or beyond its
 * bounds counts as absent. Stateless and thread-safe.
 */
final class WolfAnswers {
    // The control plane refuses a heartbeat beyond these.
    private static final int LONGEST_NAME = 128;
    private static final int LONGEST_HEALTH = 64;
    static final int MAX_COUNT = 10_000;
    private static final int MAX_MEGABYTES = 100_000_000;
    private static final int HOTTEST = 1000;

    // Field names are not kept from answer to answer: a Wolf could fill the table with ever new ones.
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(100)
                    .maxNameLength(1000)
                    .maxStringLength(10 * LONGEST_NAME)
                    .build())
            .build();

    private WolfAnswers() {}

    /** Reads a value of the answer; the parser is at its first token. */
    private interface FieldReader {
        void read(String name, JsonParser json) throws IOException;
    }

    /** Reads an answer, an HTTP body. */
    interface Reader<T> {
        /** @throws IOException if it is no JSON object, or has not what was asked for */
        T read(InputStream body) throws IOException;
    }

    /** The number of sessions, from {@code /api/v1/sessions}. */
    static int sessions(InputStream body) throws IOException {
        var count = new AtomicInteger(-1);
        answer(body, (name, json) -> {
            if (name.equals("sessions") && json.currentToken() == JsonToken.START_ARRAY) {
                count.set(0);
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    json.skipChildren();
                    count.incrementAndGet();
                }
            }
        });
        if (count.get() < 0 || count.get() > MAX_COUNT) {
            throw new ProtocolException("it lists no sessions, or more than " + MAX_COUNT);
        }
        return count.get();
    }

    /** Wolf's word for its health, from {@code /api/v1/system/health}. */
    static String health(InputStream body) throws IOException {
        var word = new AtomicReference<@Nullable String>();
        answer(body, (name, json) -> {
            if (name.equals("overall_status")) {
                word.set(text(json, LONGEST_HEALTH));
            }
        });
        String found = word.get();
        if (found == null) {
            throw new ProtocolException("it has no overall_status");
        }
        return found;
    }

    /** Lobbies and GPU, from {@code /api/v1/system/memory}. */
    static WolfFacts.Memory memory(InputStream body) throws IOException {
        var memory = new MemoryFields();
        answer(body, memory::read);
        return new WolfFacts.Memory(Math.min(memory.lobbies, MAX_COUNT), memory.watchers, memory.gpu);
    }

    private static final class MemoryFields {
        private int lobbies;
        private int watchers;
        private WolfFacts.@Nullable Gpu gpu;

        void read(String name, JsonParser json) throws IOException {
            if (name.equals("lobbies") && json.currentToken() == JsonToken.START_ARRAY) {
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    lobbies++;
                    fields(json, this::readLobby);
                }
            } else if (name.equals("gpu_stats")) {
                var stats = new GpuFields();
                fields(json, stats::read);
                gpu = stats.available ? stats.gpu() : null;
            }
        }

        private void readLobby(String name, JsonParser json) throws IOException {
            if (name.equals("client_count")) {
                Integer count = whole(json, MAX_COUNT);
                watchers = Math.min(MAX_COUNT, watchers + (count == null ? 0 : count));
            }
        }
    }

    private static final class GpuFields {
        private boolean available;
        private @Nullable String name;
        private @Nullable Double utilizationPercent;
        private @Nullable Integer memoryUsedMb;
        private @Nullable Integer memoryTotalMb;
        private @Nullable Double temperatureCelsius;
        private @Nullable Integer encoderSessions;

        void read(String field, JsonParser json) throws IOException {
            switch (field) {
                case "available" -> available = json.currentToken() == JsonToken.VALUE_TRUE;
                case "gpu_name" -> name = text(json, LONGEST_NAME);
                case "gpu_utilization_percent" -> utilizationPercent = number(json, 100);
                case "memory_used_mb" -> memoryUsedMb = whole(json, MAX_MEGABYTES);
                case "memory_total_mb" -> memoryTotalMb = whole(json, MAX_MEGABYTES);
                case "temperature_celsius" -> temperatureCelsius = number(json, HOTTEST);
                case "encoder_session_count" -> encoderSessions = whole(json, MAX_COUNT);
                default -> {}
            }
        }

        WolfFacts.Gpu gpu() {
            return new WolfFacts.Gpu(
                    name, utilizationPercent, memoryUsedMb, memoryTotalMb, temperatureCelsius, encoderSessions);
        }
    }

    private static void answer(InputStream body, FieldReader reader) throws IOException {
        try (JsonParser json = JSON.createParser(body)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new ProtocolException("it is no JSON object");
            }
            fields(json, reader);
        }
    }

    /** Reads the fields of an object, if that is what comes. What the reader leaves of a value is skipped. */
    private static void fields(JsonParser json, FieldReader reader) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            reader.read(name, json);
            json.skipChildren();
        }
    }

    private static @Nullable String text(JsonParser json, int longest) throws IOException {
        String text = json.currentToken() == JsonToken.VALUE_STRING ? json.getText() : "";
        boolean good =
                !text.isBlank() && text.length() <= longest && text.codePoints().allMatch(Printable::isPrintable);
        return good ? text : null;
    }

    private static @Nullable Integer whole(JsonParser json, int most) throws IOException {
        Double number = number(json, most);
        return number == null ? null : number.intValue();
    }

    private static @Nullable Double number(JsonParser json, int most) throws IOException {
        if (!json.currentToken().isNumeric()) {
            return null;
        }
        double number = json.getDoubleValue();
        return number >= 0 && number <= most ? number : null;
    }
}
