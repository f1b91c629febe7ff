package ml.helix.wolf.revdial;

/**
 * How a data connection carries one stream after the other, if both sides said {@link #HEADER} in its opening handshake. What
 * follows is text messages between the streams' binary ones; docs/protocol.md has the whole of it.
 */
public final class Reuse {
    /** Header of the opening handshake, of either side. */
    public static final String HEADER = "Wolf-Tunnel-Reuse";

    /** Our value of {@link #HEADER}. */
    public static final String VERSION = "1";

    /** From the control plane, before the first byte of a stream: this, and the id of the dial. */
    public static final String BEGIN = "begin ";

    /** From either side: the stream has ended in order, and nothing follows of it. */
    public static final String END = "end";

    /** From the agent, when both have said {@link #END} and it is connected to Wolf again: there may be another stream. */
    public static final String READY = "ready";

    private Reuse() {}
}
