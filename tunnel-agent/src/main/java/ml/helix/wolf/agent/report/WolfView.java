package ml.helix.wolf.agent.report;

import java.util.Optional;

/**
 * Wolf's condition by the last dial or probe; all fields are empty before the first.
 *
 * @param reachable whether it accepts connections
 * @param healthy whether it gave a sane answer to the last probe; empty if it is not reachable
 * @param error what is wrong, in a sentence; empty if nothing is
 */
public record WolfView(Optional<Boolean> reachable, Optional<Boolean> healthy, Optional<String> error) {
    static final WolfView UNKNOWN = new WolfView(Optional.empty(), Optional.empty(), Optional.empty());

    /** After an accepted connection. The last answer still counts, unless Wolf was unreachable in between. */
    WolfView reached() {
        return reachable.equals(Optional.of(false))
                ? new WolfView(Optional.of(true), Optional.empty(), Optional.empty())
                : new WolfView(Optional.of(true), healthy, error);
    }

    static WolfView unreachable(String why) {
        return new WolfView(Optional.of(false), Optional.empty(), Optional.of(why));
    }

    /** @param problem empty if it gave a sane answer */
    static WolfView answered(Optional<String> problem) {
        return new WolfView(Optional.of(true), Optional.of(problem.isEmpty()), problem);
    }
}
