package ml.helix.wolf.kubectl.output;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;

/** What {@code -o} chooses. The constants' names are what the user writes. */
public enum Format {
    text,
    json,
    yaml;

    /** As JSON or YAML, with a line break at its end. */
    public String write(JsonNode value) {
        try {
            if (this == yaml) {
                return new ObjectMapper(new YAMLFactory()
                                .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                                .disable(YAMLGenerator.Feature.SPLIT_LINES)
                                .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES))
                        .writeValueAsString(value);
            }
            return value.toPrettyString() + "\n";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
