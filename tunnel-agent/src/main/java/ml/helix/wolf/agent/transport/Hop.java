package ml.helix.wolf.agent.transport;

import java.util.Locale;
import java.util.function.Supplier;

/** One step on the way from the control plane's name to Wolf, in order, as {@code doctor} reports it. */
public enum Hop {
    NAME,
    CONNECT,
    PROXY,
    TLS,
    TOKEN,
    UPGRADE,
    LOCAL;

    /** The hop's name in {@code doctor}'s output. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Is called after each hop that succeeded. */
    @FunctionalInterface
    public interface Observer {
        void passed(Hop hop, Supplier<String> detail);
    }
}
