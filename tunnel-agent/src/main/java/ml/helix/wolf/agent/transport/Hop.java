package ml.helix.wolf.agent.transport;

import java.util.function.Supplier;

/** One step on the way to the control plane, as {@code doctor} names it. */
public enum Hop {
    NAME("name"),
    CONNECT("connect"),
    PROXY("proxy"),
    TLS("tls");

    private final String word;

    Hop(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }

    /** Hears of each hop once it is behind us. */
    @FunctionalInterface
    public interface Log {
        void passed(Hop hop, Supplier<String> detail);
    }
}
