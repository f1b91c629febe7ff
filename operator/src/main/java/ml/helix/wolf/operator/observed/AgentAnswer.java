package ml.helix.wolf.operator.observed;

/** What came of asking an agent. */
public sealed interface AgentAnswer {

    /** Nobody has asked it yet, or it cannot be asked: it has no address. */
    record None() implements AgentAnswer {}

    record Reported(AgentReport report) implements AgentAnswer {}

    /**
     * @param why in words that stay the same while the cause does
     */
    record Unreachable(String why) implements AgentAnswer {}
}
