package ml.helix.wolf.operator.observed;

/** The outcome of asking an agent for its report. */
public sealed interface AgentAnswer {

    /** It was not asked yet, or can't be asked: it has no address. */
    record None() implements AgentAnswer {}

    record Reported(AgentReport report) implements AgentAnswer {}

    /** @param why the same text as long as the cause is the same */
    record Unreachable(String why) implements AgentAnswer {}
}
