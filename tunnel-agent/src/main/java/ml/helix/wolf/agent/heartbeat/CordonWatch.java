package ml.helix.wolf.agent.heartbeat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node is cordoned, by a file that says {@code true} then. A kubelet keeps such a file, from an annotation of the pod.
 * A file that can't be read changes nothing. Thread-safe, if checks follow one another.
 */
final class CordonWatch {
    static final Duration INTERVAL = Duration.ofSeconds(1);
    /** A new pod is told of a cordon only a moment after it has started. */
    static final Duration UNKNOWN_AT_MOST = Duration.ofSeconds(15);

    private static final Logger LOG = LoggerFactory.getLogger(CordonWatch.class);
    private static final String CORDONED = "true";

    private final Path file;
    private final LongSupplier nanoTime;
    private final long begun;
    private volatile @Nullable Boolean cordoned;

    /** @param nanoTime a clock, in nanoseconds */
    CordonWatch(Path file, LongSupplier nanoTime) {
        this.file = file;
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
    }

    /** Null while it isn't known yet. */
    @Nullable
    Boolean cordoned() {
        return cordoned;
    }

    /** Reads the file. Returns whether that changed the answer. */
    boolean check() {
        Boolean before = cordoned;
        Boolean now;
        try (var in = Files.newInputStream(file)) {
            now = new String(in.readNBytes(16), StandardCharsets.US_ASCII)
                    .strip()
                    .equals(CORDONED);
        } catch (IOException e) {
            LOG.debug("The file of -cordon-file cannot be read: {}", e.toString());
            now = before;
        }
        if (before == null && !Boolean.TRUE.equals(now)) {
            now = nanoTime.getAsLong() - begun < UNKNOWN_AT_MOST.toNanos() ? null : false;
        }
        if (Objects.equals(now, before)) {
            return false;
        }
        cordoned = now;
        if (Boolean.TRUE.equals(now)) {
            LOG.info("The node is cordoned: the control plane is asked to send nothing new here");
        } else if (before != null) {
            LOG.info("The node is no longer cordoned");
        }
        return true;
    }
}
