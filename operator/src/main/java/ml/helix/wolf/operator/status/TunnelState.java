package ml.helix.wolf.operator.status;

import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The words under {@code state} in {@code status.tunnels}. They are part of the API; docs/status.md explains them. */
enum TunnelState {
    Connected,
    Connecting,
    Disconnected,
    Draining,
    Pending,
    Failing,
    Unknown;

    /** Empty for no word, and for the word of a newer operator. */
    static Optional<TunnelState> of(@Nullable String word) {
        return Stream.of(values()).filter(state -> state.name().equals(word)).findFirst();
    }
}
