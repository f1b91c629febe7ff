package ml.helix.wolf.operator.status;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentAnswer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.AgentReport;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.ContainerState.Termination;
import ml.helix.wolf.operator.observed.Cordons;
import ml.helix.wolf.operator.observed.Observations;
import ml.helix.wolf.operator.observed.ObservedAgent;
import ml.helix.wolf.operator.observed.Obstacle;
import ml.helix.wolf.operator.observed.Rollout;

/** Builds observations in the words of a sentence. Each call changes the scene and returns it. */
final class Scene {
    static final String TEMPLATE = "7";
    static final String OLDER_TEMPLATE = "6";

    private final List<ObservedAgent> agents = new ArrayList<>();
    private Optional<Rollout> rollout = Optional.empty();
    private Optional<Obstacle> obstacle = Optional.empty();
    private boolean paused;
    private boolean pausedChanges;
    private long generation = 1;
    private boolean onDelete;
    private Optional<String> podsForbidden = Optional.empty();
    private boolean several;
    private String wolfContainer = "";
    private Map<String, String> settings = Map.of();
    private Cordons cordons = new Cordons.Ignored();

    /** Nodes that should run an agent, all of the present template. */
    static Scene nodes(int desired) {
        return new Scene().rollout(true, desired, desired);
    }

    static Scene nothingThere() {
        return new Scene();
    }

    Scene rollout(boolean current, int desired, int updated) {
        rollout = Optional.of(new Rollout(current, desired, 0, updated, onDelete, TEMPLATE, ""));
        return this;
    }

    /** Nodes that should run an agent, and others that run one but would not get a new one. */
    static Scene nodes(int desired, int misscheduled) {
        var scene = new Scene();
        scene.rollout = Optional.of(new Rollout(true, desired, misscheduled, desired, false, TEMPLATE, ""));
        return scene;
    }

    /** Nodes that should run an agent, whose old pods somebody has to delete. */
    static Scene onDelete(int desired, int updated) {
        var scene = new Scene();
        scene.onDelete = true;
        return scene.rollout(true, desired, updated);
    }

    Scene forbidden(String why) {
        podsForbidden = Optional.of(why);
        return this;
    }

    /** The name of spec.wolf.container. */
    Scene declares(String container) {
        wolfContainer = container;
        return this;
    }

    Scene cordons(Cordons known) {
        cordons = known;
        return this;
    }

    Scene settings(Map<String, String> sources) {
        settings = sources;
        return this;
    }

    Scene severalControlPlanes() {
        several = true;
        return this;
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
                wolfReachable.filter(reachable -> reachable),
                "",
                Optional.of(connects),
                Optional.of(new AgentReport.Failure("ConnectionLost", "an error that is over")),
                "1.0",
                Optional.empty(),
                List.of());
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
                Optional.empty(),
                "",
                Optional.of(0L),
                error,
                "1.0",
                Optional.empty(),
                List.of());
        return says(node, false, new AgentAnswer.Reported(report));
    }

    /** An agent with several control planes, which is ready if a tunnel is up; its own state is that of the first. */
    Scene reports(String node, AgentReport.ControlPlane... controlPlanes) {
        var worst = controlPlanes[0];
        var report = new AgentReport(
                worst.state(),
                "2026-01-01T00:00:00Z",
                "id-" + node,
                Optional.of(true),
                Optional.of(true),
                "",
                Optional.of(1L),
                worst.lastError(),
                "1.0",
                Optional.empty(),
                List.of(controlPlanes));
        severalControlPlanes();
        return says(
                node,
                List.of(controlPlanes).stream().anyMatch(AgentReport.ControlPlane::connected),
                new AgentAnswer.Reported(report));
    }

    /** What an agent of version 1.0 that has connected once says, without an error. */
    static AgentAnswer reported(
            String state,
            Optional<Boolean> wolfReachable,
            Optional<Boolean> wolfHealthy,
            String wolfError,
            Optional<AgentReport.Token> token) {
        return new AgentAnswer.Reported(new AgentReport(
                state,
                "2026-01-01T00:00:00Z",
                "id",
                wolfReachable,
                wolfHealthy,
                wolfError,
                Optional.of(1L),
                Optional.empty(),
                "1.0",
                token,
                List.of()));
    }

    Scene says(String node, boolean ready, AgentAnswer answer) {
        return add(pod(node, ready, false, "", running("agent", ready)), answer);
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
                pod(node, false, false, "", waiting("agent", reason, "", Optional.of(ended(2, "Error", "")))),
                new AgentAnswer.None());
    }

    Scene starting(String node) {
        return add(pod(node, false, false, ""), new AgentAnswer.None());
    }

    Scene add(AgentPod pod, AgentAnswer answer) {
        agents.add(new ObservedAgent(pod, answer, Optional.empty()));
        return this;
    }

    /** A pod that has been starting for a while, and the cluster's warning about it. */
    Scene starting(String node, String reason, String message) {
        agents.add(new ObservedAgent(
                pod(node, false, false, ""),
                new AgentAnswer.None(),
                Optional.of(new ObservedAgent.Warning(reason, message))));
        return this;
    }

    static ContainerState running(String name) {
        return running(name, true);
    }

    static ContainerState running(String name, boolean ready) {
        return new ContainerState(name, true, ready, "2026-01-01T00:00:00Z", "", "", "", Optional.empty());
    }

    /** It ended, and has run again since this time. */
    static ContainerState restarted(String name, String startedAt, Termination ended) {
        return new ContainerState(name, true, false, startedAt, "", "", "", Optional.of(ended));
    }

    static ContainerState waiting(String name, String reason, String message, Optional<Termination> ended) {
        return new ContainerState(name, false, false, "", reason, message, "registry.example/" + name + ":1", ended);
    }

    static Termination ended(int exitCode, String reason, String message) {
        return new Termination(exitCode, reason, message);
    }

    static AgentPod ofTemplate(AgentPod pod, String generation) {
        return new AgentPod(
                pod.name(),
                pod.uid(),
                pod.ownerUid(),
                pod.node(),
                pod.ip(),
                pod.port(),
                pod.created(),
                generation,
                pod.terminating(),
                pod.ready(),
                pod.nodeLost(),
                pod.unschedulable(),
                pod.cordoned(),
                pod.containers());
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
                TEMPLATE,
                false,
                ready,
                lost,
                unschedulable,
                false,
                List.of(containers));
    }

    Observations observed() {
        return new Observations(
                generation,
                rollout,
                agents,
                obstacle,
                paused,
                pausedChanges,
                podsForbidden,
                wolfContainer,
                several,
                settings,
                cordons);
    }
}
