package ml.helix.wolf.operator.status;

import java.util.Optional;
import java.util.Set;

/**
 * Why something is as it is.
 *
 * @param reason for programs: a {@link Reason}, or the word of an agent that is newer than this operator
 * @param message the reason in a sentence, for people
 */
record Cause(String reason, String message) {
    Cause(Reason reason, String message) {
        this(reason.name(), message);
    }

    /** The operator takes what a newer agent reports for something that the agent keeps retrying. */
    Reason.Kind kind() {
        return known().map(Reason::kind).orElse(Reason.Kind.RETRYING);
    }

    boolean isAnyOf(Set<Reason> reasons) {
        return known().filter(reasons::contains).isPresent();
    }

    /** Whether it lies in the pod or its node, so that it says nothing of the agent's connection. */
    boolean isOfThePod() {
        return known().filter(Reason::isOfThePod).isPresent();
    }

    Cause withMessage(String other) {
        return new Cause(reason, other);
    }

    private Optional<Reason> known() {
        return Reason.of(reason);
    }
}
