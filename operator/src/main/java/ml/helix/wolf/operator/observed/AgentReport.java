package ml.helix.wolf.operator.observed;

import java.util.Optional;
import java.util.Set;

/**
 * What an agent's {@code /status} says, as far as it matters here: counters that tick are left out, so that two equal
 * reports mean that nothing happened. An older agent's missing fields are empty.
 *
 * @param state Connecting, Connected, Disconnected or Draining
 * @param since when that began, RFC 3339, "" where unknown
 * @param wolfId what follows {@code wolf-} in its runner id, "" where only a runner id is known
 * @param wolfReachable empty before the first probe
 * @param wolfError why Wolf isn't reachable or doesn't answer as it should, "" where all is well or nothing is known
 * @param wolfHealthy whether Wolf answered sanely; empty before the first look and where it isn't reachable
 * @param lastError of the control connection; it may be over
 * @param token the token in use, of agents that read it from a file
 */
public record AgentReport(
        String state,
        String since,
        String wolfId,
        Optional<Boolean> wolfReachable,
        Optional<Boolean> wolfHealthy,
        String wolfError,
        Optional<Long> connects,
        Optional<Failure> lastError,
        String version,
        Optional<Token> token) {
    private static final Set<String> STATES = Set.of("Connecting", "Connected", "Disconnected", "Draining");

    /**
     * @param reason one of the contract's words, or a newer agent's own
     * @param message for people
     */
    public record Failure(String reason, String message) {}

    /**
     * @param changedAt since when the file has had the token that the tunnel uses, RFC 3339
     * @param refused whether the file has a newer one, which the control plane refuses
     */
    public record Token(String changedAt, boolean refused) {}

    /** Whether another agent with its id has taken its place, the last time that its connection ended. */
    public boolean displaced() {
        return lastError.filter(error -> error.reason().equals("Displaced")).isPresent();
    }

    /** Whether the contract has it; a newer agent may be in another. */
    public boolean stateIsKnown() {
        return STATES.contains(state);
    }

    /** Without what changes with each connection. */
    public AgentReport withoutConnection() {
        return new AgentReport(
                "Disconnected",
                "",
                wolfId,
                wolfReachable,
                wolfHealthy,
                wolfError,
                Optional.empty(),
                Optional.empty(),
                version,
                token);
    }

    public boolean connected() {
        return state.equals("Connected");
    }
}
