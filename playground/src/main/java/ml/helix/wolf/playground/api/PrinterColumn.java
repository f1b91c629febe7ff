package ml.helix.wolf.playground.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;

/**
 * A column of {@code kubectl get}: one of a CRD's {@code additionalPrinterColumns}.
 *
 * @param type {@code string}, {@code integer}, {@code number}, {@code boolean} or {@code date}
 * @param wide whether only {@code -o wide} shows it
 */
public record PrinterColumn(String name, String type, String jsonPath, boolean wide) {

    /** The columns of one version of a CustomResourceDefinition, in order. */
    public static List<PrinterColumn> of(JsonNode crdVersion) {
        List<PrinterColumn> columns = new ArrayList<>();
        for (JsonNode column : crdVersion.path("additionalPrinterColumns")) {
            columns.add(new PrinterColumn(
                    column.path("name").asText(),
                    column.path("type").asText(),
                    column.path("jsonPath").asText(),
                    column.path("priority").asInt() > 0));
        }
        return columns;
    }

    /** The cell as kubectl shows it: a date as an age; empty if the object has no value there. */
    public String cell(JsonNode object, Instant now) {
        String text = JsonPaths.text(jsonPath, object);
        if (!type.equals("date") || text.isEmpty()) {
            return text;
        }
        try {
            return age(Duration.between(Instant.parse(text), now));
        } catch (DateTimeParseException e) {
            return "<invalid>";
        }
    }

    /** An age as kubectl prints it: with a second unit while the first is small. */
    static String age(Duration age) {
        long seconds = Math.max(0, age.toSeconds());
        if (seconds < 120) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 10) {
            return minutes + "m" + (seconds % 60 == 0 ? "" : seconds % 60 + "s");
        }
        if (minutes < 180) {
            return minutes + "m";
        }
        long hours = minutes / 60;
        if (hours < 8) {
            return hours + "h" + (minutes % 60 == 0 ? "" : minutes % 60 + "m");
        }
        return hours < 48 ? hours + "h" : hours / 24 + "d";
    }
}
