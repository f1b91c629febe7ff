package ml.helix.wolf.operator.apiserver;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The API server's audit log: a file with one JSON event per line and request. Each line is read and parsed once. */
final class AuditLog {
    private final Path file;
    private final List<AuditedRequest> requests = new ArrayList<>();
    private long position;

    AuditLog(Path file) {
        this.file = file;
    }

    /** All requests that the file has so far. */
    synchronized List<AuditedRequest> read() {
        try (var log = new RandomAccessFile(file.toFile(), "r")) {
            var bytes = new byte[Math.toIntExact(log.length() - position)];
            log.seek(position);
            log.readFully(bytes);
            int complete = endOfLastLine(bytes);
            position += complete;
            new String(bytes, 0, complete, StandardCharsets.UTF_8)
                    .lines()
                    .map(AuditedRequest::parse)
                    .forEach(requests::add);
            return List.copyOf(requests);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int endOfLastLine(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] != '\n') {
            end--;
        }
        return end;
    }
}
