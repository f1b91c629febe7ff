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
import java.util.stream.Collectors;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.playground.api.PrinterColumn;

/** WolfTunnels as {@code kubectl get} prints them, by the columns that their CRD defines. Immutable. */
final class TunnelTable {
    private static final String CRD = "/ml/helix/wolf/crds/wolftunnels.wolf.helix.ml.yaml";
    /** What the values of a column usually take, so that rows printed one by one stay aligned. */
    private static final int NAME = 12;

    private final List<PrinterColumn> columns;

    TunnelTable(JsonNode definition) {
        this.columns = PrinterColumn.of(definition.at("/spec/versions/0")).stream()
                .filter(column -> !column.wide())
                .toList();
    }

    /** By the committed CRD. */
    static TunnelTable committed() {
        return new TunnelTable(definition());
    }

    static JsonNode definition() {
        try (InputStream in = Objects.requireNonNull(WolfTunnel.class.getResourceAsStream(CRD))) {
            return Serialization.unmarshal(in, JsonNode.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String header() {
        List<String> cells = new ArrayList<>();
        cells.add("NAME");
        columns.forEach(column -> cells.add(column.name().toUpperCase(Locale.ROOT)));
        return line(cells);
    }

    String row(JsonNode tunnel, Instant now) {
        List<String> cells = new ArrayList<>();
        cells.add(tunnel.at("/metadata/name").asText());
        columns.forEach(column -> cells.add(column.cell(tunnel, now)));
        return line(cells);
    }

    /** The row without what changes by itself: two that are equal need not both be printed. */
    List<String> meaning(JsonNode tunnel) {
        return columns.stream()
                .filter(column -> !column.type().equals("date"))
                .map(column -> column.cell(tunnel, Instant.EPOCH))
                .collect(Collectors.toList());
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            int width = i == 0 ? NAME : width(columns.get(i - 1));
            line.append(String.format("%-" + width + "s", cells.get(i))).append("  ");
        }
        return line.toString().stripTrailing();
    }

    private static int width(PrinterColumn column) {
        return switch (column.name().toUpperCase(Locale.ROOT)) {
            case "CONNECTED", "WOLF" -> 14;
            case "REASON" -> 18;
            default -> Math.max(7, column.name().length());
        };
    }
}
