package ml.helix.wolf.bench.streams;

import java.io.IOException;

/** Other bytes arrived than were sent. */
public final class CorruptionException extends IOException {
    private static final long serialVersionUID = 1;

    CorruptionException(String message) {
        super(message);
    }
}
