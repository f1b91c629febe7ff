package ml.helix.wolf.operator.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;

/** What a condition says, before {@link #dated} gives it the time of its last change. */
record UndatedCondition(ConditionType type, Status status, Cause cause) {
    /** The words under {@code status} of a condition. */
    enum Status {
        True,
        False,
        Unknown
    }

    static UndatedCondition isTrue(ConditionType type, Cause cause) {
        return new UndatedCondition(type, Status.True, cause);
    }

    static UndatedCondition isTrue(ConditionType type, Reason reason, String message) {
        return isTrue(type, new Cause(reason, message));
    }

    static UndatedCondition isFalse(ConditionType type, Cause cause) {
        return new UndatedCondition(type, Status.False, cause);
    }

    static UndatedCondition isFalse(ConditionType type, Reason reason, String message) {
        return isFalse(type, new Cause(reason, message));
    }

    static UndatedCondition isUnknown(ConditionType type, String message) {
        return new UndatedCondition(type, Status.Unknown, new Cause(Reason.NotKnown, message));
    }

    boolean hasStatusOf(Condition other) {
        return type.isOf(other) && status.name().equals(other.getStatus());
    }

    Condition dated(String lastTransitionTime, long observedGeneration) {
        return new ConditionBuilder()
                .withType(type.name())
                .withStatus(status.name())
                .withReason(cause.reason())
                .withMessage(StatusText.conditionMessage(cause.message()))
                .withObservedGeneration(observedGeneration)
                .withLastTransitionTime(lastTransitionTime)
                .build();
    }
}
