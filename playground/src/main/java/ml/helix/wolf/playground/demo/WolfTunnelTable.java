package ml.helix.wolf.playground.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.playground.api.PrinterColumn;

/** WolfTunnels as {@code kubectl get} prints them, by the columns of their CRD. Immutable. */
final class WolfTunnelTable {
    private static final String CRD = "/ml/helix/wolf/crds/wolftunnels.wolf.helix.ml.yaml";
    private static final int NAME_WIDTH = 12;

    private final List<PrinterColumn> columns;

    private WolfTunnelTable(JsonNode definition) {
        this.columns = PrinterColumn.of(definition.at("/spec/versions/0")).stream()
                .filter(column -> !column.wide())
                .toList();
    }

    /** With the columns of the committed CRD. */
    static WolfTunnelTable committed() {
        return new WolfTunnelTable(definition());
    }

    /** The committed CRD. */
    static JsonNode definition() {
        try (InputStream in = Objects.requireNonNull(WolfTunnel.class.getResourceAsStream(CRD))) {
            return Serialization.unmarshal(in, JsonNode.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String header() {
        return line(
                "NAME",
                columns.stream()
                        .map(column -> column.name().toUpperCase(Locale.ROOT))
                        .toList());
    }

    String row(JsonNode resource, Instant now) {
        return line(
                resource.at("/metadata/name").asText(),
                columns.stream().map(column -> column.cell(resource, now)).toList());
    }

    /** The cells of a row, without the age, which changes all the time. */
    List<String> cellsWithoutAge(JsonNode resource) {
        return columns.stream()
                .filter(column -> !column.type().equals("date"))
                .map(column -> column.cell(resource, Instant.EPOCH))
                .toList();
    }

    private String line(String name, List<String> cells) {
        List<String> padded = new ArrayList<>(List.of(pad(name, NAME_WIDTH)));
        for (int i = 0; i < cells.size(); i++) {
            padded.add(pad(cells.get(i), width(columns.get(i).name().toUpperCase(Locale.ROOT))));
        }
        return String.join("  ", padded).stripTrailing();
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    /** Rows are printed one by one: a column's width is that of its usual values. */
    private static int width(String column) {
        return switch (column) {
            case "CONNECTED", "WOLF" -> 14;
            case "REASON" -> 18;
            default -> Math.max(7, column.length());
        };
    }
}
