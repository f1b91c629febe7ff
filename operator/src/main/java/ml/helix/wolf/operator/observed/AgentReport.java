package ml.helix.wolf.operator.observed;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What an agent says of itself at {@code /status}. Running counters are left out, so that two reports are equal if nothing
 * happened between them. Fields that an older agent doesn't have are empty.
 *
 * @param state a {@link State}, or the word of an agent that is newer than this operator
 * @param since when the state began, RFC 3339, "" if unknown
 * @param wolfId what follows {@code wolf-} in the runner id, "" if the agent has only a runner id
 * @param wolfReachable empty before the first probe
 * @param wolfHealthy whether Wolf's API answered as it should; empty before the first check and while Wolf isn't reachable
 * @param wolfError why Wolf isn't reachable or healthy, "" if it is or nothing is known
 * @param lastError the control connection's last error; it may be over
 * @param token the token in use, if the agent reads it from a file
 * @param controlPlanes a row for each, if the agent has several; what stands outside is the worst one's
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
        Optional<Token> token,
        List<ControlPlane> controlPlanes) {
    /** The states of the agents that this operator knows. */
    public enum State {
        Connecting,
        Connected,
        Disconnected,
        Draining
    }

    /**
     * @param reason a word of docs/status.md, or one of a newer agent
     * @param message the reason in a sentence
     */
    public record Failure(String reason, String message) {
        private Failure changed(UnaryOperator<String> change) {
            return new Failure(reason, change.apply(message));
        }
    }

    /**
     * @param changedAt when the token that the tunnel uses came into the file, RFC 3339
     * @param refused whether the file has a newer token, which the control plane refuses
     */
    public record Token(String changedAt, boolean refused) {}

    public AgentReport {
        controlPlanes = List.copyOf(controlPlanes);
    }

    /**
     * The tunnel to one control plane.
     *
     * @param url "" if there is only one
     * @param state as the report's
     * @param tokenRefused whether it refuses a newer token of the file
     */
    public record ControlPlane(String url, String state, Optional<Failure> lastError, boolean tokenRefused) {
        public boolean connected() {
            return state.equals(State.Connected.name());
        }

        private boolean displaced() {
            return lastError.filter(error -> error.reason().equals("Displaced")).isPresent();
        }
    }

    /** The tunnels: one for each control plane. */
    public List<ControlPlane> tunnels() {
        return controlPlanes.isEmpty()
                ? List.of(new ControlPlane(
                        "", state, lastError, token.filter(Token::refused).isPresent()))
                : controlPlanes;
    }

    /** Whether the last connection to a control plane ended because another agent with the same id connected. */
    public boolean displaced() {
        return tunnels().stream().anyMatch(ControlPlane::displaced);
    }

    /** Whether that was so, and there is no new connection to that control plane. */
    public boolean displacedAndDown() {
        return tunnels().stream().anyMatch(tunnel -> tunnel.displaced() && !tunnel.connected());
    }

    /** Empty for the state of a newer agent. */
    public Optional<State> knownState() {
        return Stream.of(State.values())
                .filter(known -> known.name().equals(state))
                .findFirst();
    }

    public boolean connected() {
        return state.equals(State.Connected.name());
    }

    /** With each error's message changed. */
    public AgentReport withMessages(UnaryOperator<String> change) {
        return new AgentReport(
                state,
                since,
                wolfId,
                wolfReachable,
                wolfHealthy,
                wolfError,
                connects,
                lastError.map(error -> error.changed(change)),
                version,
                token,
                controlPlanes.stream()
                        .map(row -> new ControlPlane(
                                row.url(),
                                row.state(),
                                row.lastError().map(error -> error.changed(change)),
                                row.tokenRefused()))
                        .toList());
    }

    /** Disconnected, and without what changes with each connection. */
    public AgentReport withoutConnection() {
        return new AgentReport(
                State.Disconnected.name(),
                "",
                wolfId,
                wolfReachable,
                wolfHealthy,
                wolfError,
                Optional.empty(),
                Optional.empty(),
                version,
                token,
                List.of());
    }
}
