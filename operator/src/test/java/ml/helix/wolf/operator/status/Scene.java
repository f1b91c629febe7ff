package ml.helix.wolf.operator.status;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.Obstacle;
import ml.helix.wolf.operator.observed.Rollout;

/** Observations, put together as a sentence. Immutable but for the list that it is building. */
final class Scene {
    private final List<ObservedAgent> agents = new ArrayList<>();
    private Optional<Rollout> rollout = Optional.empty();
    private Optional<Obstacle> obstacle = Optional.empty();
    private boolean paused;
    private boolean pausedChanges;
    private long generation = 1;

    /** Nodes that should run an agent, all of the present template. */
    static Scene nodes(int desired) {
        return new Scene().rollout(true, desired, desired);
    }

    static Scene nothingThere() {
        return new Scene();
    }

    Scene rollout(boolean current, int desired, int updated) {
        rollout = Optional.of(new Rollout(current, desired, 0, updated, ""));
        return this;
    }

    /** Nodes that should run an agent, and others that run one though a new one would not be let in. */
    static Scene nodes(int desired, int stranded) {
        var scene = new Scene();
        scene.rollout = Optional.of(new Rollout(true, desired, stranded, desired, ""));
        return scene;
    }

    Scene generation(long number) {
        generation = number;
        return this;
    }

    Scene obstacle(Obstacle what) {
        obstacle = Optional.of(what);
        return this;
    }

    Scene paused(boolean changes) {
        paused = true;
        pausedChanges = changes;
        return this;
    }

    Scene connected(String node) {
        return connected(node, 1, Optional.of(true));
    }

    Scene connected(String node, long connects, Optional<Boolean> wolfReachable) {
        var report = new AgentReport(
                "Connected",
                "2026-01-01T00:00:0" + connects + ".5Z",
                "id-" + node,
                wolfReachable,
                Optional.of(connects),
                Optional.of(new AgentReport.Failure("ConnectionLost", "an old story")),
                "1.0",
                Optional.empty());
        return says(node, true, new AgentAnswer.Reported(report));
    }

    Scene failing(String node, String reason, String message) {
        return reports(node, "Disconnected", Optional.of(new AgentReport.Failure(reason, message)));
    }

    Scene reports(String node, String state, Optional<AgentReport.Failure> error) {
        var report = new AgentReport(
                state,
                "2026-01-01T00:00:00Z",
                "id-" + node,
                Optional.empty(),
                Optional.of(0L),
                error,
                "1.0",
                Optional.empty());
        return says(node, false, new AgentAnswer.Reported(report));
    }

    Scene says(String node, boolean ready, AgentAnswer answer) {
        return add(pod(node, ready, false, "", running("agent")), answer);
    }

    Scene unreachable(String node, boolean ready) {
        return says(node, ready, new AgentAnswer.Unreachable("the connection is refused"));
    }

    Scene unanswered(String node, boolean ready) {
        return says(node, ready, new AgentAnswer.None());
    }

    Scene lost(String node) {
        return add(pod(node, false, true, "", running("agent")), new AgentAnswer.None());
    }

    Scene unschedulable(String node, String why) {
        return add(pod(node, false, false, why), new AgentAnswer.None());
    }

    Scene waiting(String node, String reason) {
        return add(
                pod(node, false, false, "", new ContainerState("agent", false, reason, "", Optional.of(2))),
                new AgentAnswer.None());
    }

    Scene starting(String node) {
        return add(pod(node, false, false, ""), new AgentAnswer.None());
    }

    Scene add(AgentPod pod, AgentAnswer answer) {
        agents.add(new ObservedAgent(pod, answer));
        return this;
    }

    static ContainerState running(String name) {
        return new ContainerState(name, true, "", "", Optional.empty());
    }

    static AgentPod pod(String node, boolean ready, boolean lost, String unschedulable, ContainerState... containers) {
        return new AgentPod(
                "pod-" + node,
                "uid-" + node,
                "owner",
                node,
                "10.0.0.1",
                9797,
                "2026-01-01T00:00:00Z",
                false,
                ready,
                lost,
                unschedulable,
                List.of(containers));
    }

    Observations observed() {
        return new Observations(generation, rollout, agents, obstacle, paused, pausedChanges);
    }
}
