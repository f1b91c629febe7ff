package ml.helix.wolf.agent.report;

import java.util.Optional;

/**
 * Wolf as the last dial or probe saw it; each field is empty before the first.
 *
 * @param reachable whether it accepts connections
 * @param healthy whether it answered the last probe's request sanely; empty where it is not reachable
 * @param error what is wrong, in a sentence; empty where nothing is
 */
public record WolfView(Optional<Boolean> reachable, Optional<Boolean> healthy, Optional<String> error) {
    static final WolfView UNKNOWN = new WolfView(Optional.empty(), Optional.empty(), Optional.empty());

    /** It accepted a connection: what is known of its answers stays. */
    WolfView reached() {
        return reachable.equals(Optional.of(false))
                ? new WolfView(Optional.of(true), Optional.empty(), Optional.empty())
                : new WolfView(Optional.of(true), healthy, error);
    }

    static WolfView unreachable(String why) {
        return new WolfView(Optional.of(false), Optional.empty(), Optional.of(why));
    }

    /** @param trouble nothing where it answers as it should */
    static WolfView answered(Optional<String> trouble) {
        return new WolfView(Optional.of(true), Optional.of(trouble.isEmpty()), trouble);
    }
}
