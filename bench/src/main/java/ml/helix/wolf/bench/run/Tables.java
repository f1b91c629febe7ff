package ml.helix.wolf.bench.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import ml.helix.wolf.bench.figures.Table;

/** Tables as JSON files. */
final class Tables {
    private Tables() {}

    static void write(Table table, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(
                file, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(table) + "\n");
    }

    static Table read(Path file) throws IOException {
        return new ObjectMapper().readValue(file.toFile(), Table.class);
    }
}
