package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.TunnelState.Draining;
import static ml.helix.wolf.operator.status.TunnelState.Failing;
import static ml.helix.wolf.operator.status.TunnelState.Pending;
import static ml.helix.wolf.operator.status.TunnelState.Unknown;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.ContainerState.Termination;
import ml.helix.wolf.operator.observed.ObservedAgent;

/** Why a container of an agent pod doesn't run, from what the cluster says of the pod. */
record PodProblem(TunnelState state, Cause cause) {
    /** How long a container must run after a crash before it counts as running again. */
    private static final Duration STEADY = Duration.ofSeconds(60);

    // The kubelet's words under "reason" of a container's state, and of its events.
    private static final Set<String> NO_IMAGE = Set.of(
            "ImagePullBackOff",
            "ErrImagePull",
            "ErrImageNeverPull",
            "InvalidImageName",
            "ImageInspectError",
            "RegistryUnavailable");
    private static final Set<String> BAD_CONFIG =
            Set.of("CreateContainerConfigError", "CreateContainerError", "RunContainerError");
    private static final Set<String> NO_VOLUME = Set.of("FailedMount", "FailedAttachVolume", "FailedMapVolume");
    /** Say nothing beyond the exit status. */
    private static final Set<String> PLAIN_EXIT = Set.of("", "Error", "Completed");

    private PodProblem(TunnelState state, Reason reason, String message) {
        this(state, new Cause(reason, message));
    }

    private static Optional<PodProblem> problem(TunnelState state, Reason reason, String message) {
        return Optional.of(new PodProblem(state, reason, message));
    }

    /**
     * Why the agent doesn't run; empty if it does.
     *
     * @param before the pod's entry in the last status
     */
    static Optional<PodProblem> of(ObservedAgent agent, Optional<TunnelStatus> before, Instant now) {
        AgentPod pod = agent.pod();
        if (pod.nodeLost()) {
            return problem(
                    Unknown, Reason.NodeNotReady, "the cluster no longer hears from the node; see kubectl get nodes");
        }
        if (pod.terminating()) {
            return problem(Draining, Reason.Draining, "the pod is being deleted");
        }
        if (!pod.unschedulable().isEmpty()) {
            return problem(Pending, Reason.Unschedulable, pod.unschedulable());
        }
        return pod.agent()
                .map(container -> of(container, before, now))
                .orElseGet(() -> problem(Pending, Reason.PodStarting, "the pod is starting"))
                .map(problem -> agent.warning().map(problem::explainedBy).orElse(problem));
    }

    /** Why any container doesn't run; empty if it does. */
    static Optional<PodProblem> of(ContainerState container, Optional<TunnelStatus> before, Instant now) {
        var name = "container " + container.name();
        var crash = container.termination().filter(termination -> !runsSteadily(container, now));
        if (crash.isPresent() && wasBefore(Reason.CrashLoopBackOff, name, before)) {
            return crash.map(termination -> crashLoop(name, termination));
        }
        if (container.running()) {
            return crash.filter(termination -> wasBefore(Reason.PodFailed, name, before))
                    .map(termination -> failed(name, termination));
        }
        if (NO_IMAGE.contains(container.waiting())) {
            return problem(Pending, Reason.ImagePullBackOff, name + withoutImage(container));
        }
        if (BAD_CONFIG.contains(container.waiting())) {
            return problem(Pending, Reason.ContainerConfigError, name + notCreated(container));
        }
        if (container.waiting().equals("CrashLoopBackOff")) {
            return container
                    .termination()
                    .map(termination -> crashLoop(name, termination))
                    .or(() -> problem(
                            Failing,
                            Reason.CrashLoopBackOff,
                            name + " ends again and again; see kubectl logs --previous"));
        }
        return crash.map(termination -> failed(name, termination))
                .or(() -> problem(Pending, Reason.PodStarting, name + " is starting"));
    }

    /** By the node's clock and the operator's, which may differ by a few seconds. */
    private static boolean runsSteadily(ContainerState container, Instant now) {
        return container.running()
                && Timestamps.parsed(container.startedAt())
                        .filter(since -> Duration.between(since, now).abs().compareTo(STEADY) < 0)
                        .isEmpty();
    }

    private static boolean wasBefore(Reason reason, String name, Optional<TunnelStatus> before) {
        return before.filter(entry -> reason.name().equals(entry.reason()))
                .map(TunnelStatus::message)
                .filter(message -> message.startsWith(name + " "))
                .isPresent();
    }

    private static PodProblem crashLoop(String name, Termination termination) {
        return new PodProblem(
                Failing,
                Reason.CrashLoopBackOff,
                name + ended(termination) + (termination.message().isEmpty() ? "; see kubectl logs --previous" : ""));
    }

    private static PodProblem failed(String name, Termination termination) {
        return new PodProblem(Failing, Reason.PodFailed, name + ended(termination));
    }

    private static String ended(Termination termination) {
        var exit = "exit status " + termination.exitCode();
        var reason = termination.reason();
        if (reason.equals("OOMKilled")) {
            return " ended with OOMKilled (" + exit + "): it used more memory than its limit";
        }
        return " ended with " + (PLAIN_EXIT.contains(reason) ? exit : reason + " (" + exit + ")")
                + (termination.message().isEmpty() ? "" : ": " + termination.message());
    }

    /** The kubelet says in turn why a pull failed and that it waits before the next: both texts begin the same. */
    private static String withoutImage(ContainerState container) {
        var why = plain(container.message().replaceFirst("^Back-off pulling image \"[^\"]*\"(: )?", ""));
        return " has no image" + (container.image().isEmpty() ? "" : " " + container.image())
                + (why.isEmpty() ? "" : ": " + why);
    }

    /** A reserved name is no cause: an earlier attempt to create the container still runs. */
    private static String notCreated(ContainerState container) {
        var why = plain(container.message());
        return " cannot be created"
                + (why.isEmpty() || why.contains("failed to reserve container name") ? "" : ": " + why);
    }

    private static String plain(String message) {
        return message.replaceFirst("^Err\\w+: ", "").replaceFirst("^rpc error: code = \\w+ desc = ", "");
    }

    private PodProblem explainedBy(ObservedAgent.Warning warning) {
        if (!cause.isAnyOf(Set.of(Reason.PodStarting))) {
            return this;
        }
        return NO_VOLUME.contains(warning.reason())
                ? new PodProblem(state, Reason.VolumeNotMounted, warning.message())
                : new PodProblem(state, cause.withMessage(cause.message() + ": " + warning.message()));
    }
}
