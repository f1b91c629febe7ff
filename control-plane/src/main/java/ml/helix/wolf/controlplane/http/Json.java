package ml.helix.wolf.controlplane.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Writes the JSON of answers. */
final class Json {
    static final String TYPE = "application/json";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    /** @param value what Jackson can write as it is: records, strings, numbers, lists and maps of them */
    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON for " + value.getClass(), e);
        }
    }
}
