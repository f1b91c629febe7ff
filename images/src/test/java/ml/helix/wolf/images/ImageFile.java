package ml.helix.wolf.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** An image archive, read into memory. */
final class ImageFile {
    private final Map<String, byte[]> files = new HashMap<>();
    private final JsonNode manifest;

    ImageFile(Path archive) throws IOException {
        try (var tar = new TarArchiveInputStream(new BufferedInputStream(Files.newInputStream(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                files.put(entry.getName(), tar.readAllBytes());
            }
        }
        manifest = new ObjectMapper().readTree(files.get("manifest.json")).get(0);
    }

    String name() {
        return manifest.at("/RepoTags/0").asText();
    }

    /** The configuration of the container: user, entry point, environment. */
    JsonNode configuration() throws IOException {
        return new ObjectMapper().readTree(files.get(manifest.get("Config").asText()));
    }

    /** Every file and folder of every layer, the lowest layer first. */
    List<TarArchiveEntry> entries() throws IOException {
        List<TarArchiveEntry> entries = new ArrayList<>();
        for (JsonNode layer : manifest.get("Layers")) {
            try (var tar = new TarArchiveInputStream(
                    new GZIPInputStream(new ByteArrayInputStream(files.get(layer.asText()))))) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    entries.add(entry);
                }
            }
        }
        return entries;
    }
}
