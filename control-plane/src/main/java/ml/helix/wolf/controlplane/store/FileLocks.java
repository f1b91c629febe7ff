package ml.helix.wolf.controlplane.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Who has locked a file, as Linux tells it. */
final class FileLocks {
    private FileLocks() {}

    /** The id of the process; empty if nobody has, or the system doesn't tell. */
    static Optional<String> holder(Path file) {
        // 1: POSIX  ADVISORY  WRITE 4711 08:01:123456 0 EOF
        try (Stream<String> locks = Files.lines(Path.of("/proc/locks"))) {
            String inode = ":" + Files.getAttribute(file, "unix:ino");
            return locks.map(lock -> lock.trim().split(" +"))
                    .filter(fields -> fields.length > 5 && fields[5].endsWith(inode))
                    .map(fields -> fields[4])
                    .findFirst();
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }
}
