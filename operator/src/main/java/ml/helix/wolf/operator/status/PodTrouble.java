package ml.helix.wolf.operator.status;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.TunnelStatus;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.ContainerState;
import ml.helix.wolf.operator.observed.ContainerState.Termination;
import ml.helix.wolf.operator.observed.ObservedAgent;
import org.jspecify.annotations.Nullable;

/** What keeps a pod from running its agent, in the pod's own words. */
record PodTrouble(String state, Reason reason, String message) {
    /** How long a container that has crashed must run before it counts as running again. */
    private static final Duration SETTLED = Duration.ofSeconds(60);

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
    /** The kubelet's words for an exit that says nothing beyond its status. */
    private static final Set<String> PLAIN_EXIT = Set.of("", "Error", "Completed");

    /**
     * Why the agent does not run; nothing where it does.
     *
     * @param before the same pod's row in the last status
     */
    static Optional<PodTrouble> of(ObservedAgent agent, @Nullable TunnelStatus before, Instant now) {
        AgentPod pod = agent.pod();
        if (pod.nodeLost()) {
            return Optional.of(new PodTrouble(
                    "Unknown",
                    Reason.NodeNotReady,
                    "the cluster no longer hears from the node; see kubectl get nodes"));
        }
        if (pod.terminating()) {
            return Optional.of(new PodTrouble("Draining", Reason.Draining, "the pod is being deleted"));
        }
        if (!pod.unschedulable().isEmpty()) {
            return Optional.of(new PodTrouble("Pending", Reason.Unschedulable, pod.unschedulable()));
        }
        return pod.agent()
                .map(container -> of(container, before, now))
                .orElseGet(() -> Optional.of(new PodTrouble("Pending", Reason.PodStarting, "the pod is starting")))
                .map(trouble -> trouble.explained(agent.warning()));
    }

    /** What is wrong with a container, whichever it is; nothing where it runs. */
    static Optional<PodTrouble> of(ContainerState container, @Nullable TunnelStatus before, Instant now) {
        var name = "container " + container.name();
        var crashed = container.termination().filter(ended -> !runsSteadily(container, now));
        if (crashed.isPresent() && wasBefore(Reason.CrashLoopBackOff, name, before)) {
            return crashed.map(ended -> crashLoop(name, ended));
        }
        if (container.running()) {
            return crashed.filter(ended -> wasBefore(Reason.PodFailed, name, before))
                    .map(ended -> failed(name, ended));
        }
        if (NO_IMAGE.contains(container.waiting())) {
            return Optional.of(new PodTrouble("Pending", Reason.ImagePullBackOff, withoutImage(name, container)));
        }
        if (BAD_CONFIG.contains(container.waiting())) {
            return Optional.of(new PodTrouble("Pending", Reason.ContainerConfigError, name + notCreated(container)));
        }
        if (container.waiting().equals("CrashLoopBackOff")) {
            return Optional.of(container
                    .termination()
                    .map(ended -> crashLoop(name, ended))
                    .orElseGet(() -> new PodTrouble(
                            "Failing",
                            Reason.CrashLoopBackOff,
                            name + " ends again and again; see kubectl logs --previous")));
        }
        return Optional.of(crashed.map(ended -> failed(name, ended))
                .orElseGet(() -> new PodTrouble("Pending", Reason.PodStarting, name + " is starting")));
    }

    /** By the node's clock and the operator's, which may differ by a few seconds. */
    private static boolean runsSteadily(ContainerState container, Instant now) {
        return container.running()
                && Times.parsed(container.startedAt())
                        .filter(since -> Duration.between(since, now).abs().compareTo(SETTLED) < 0)
                        .isEmpty();
    }

    private static boolean wasBefore(Reason reason, String name, @Nullable TunnelStatus before) {
        return before != null
                && reason.name().equals(before.reason())
                && before.message() != null
                && before.message().startsWith(name + " ");
    }

    private static PodTrouble crashLoop(String name, Termination ended) {
        return new PodTrouble(
                "Failing",
                Reason.CrashLoopBackOff,
                end(name, ended) + (ended.message().isEmpty() ? "; see kubectl logs --previous" : ""));
    }

    private static PodTrouble failed(String name, Termination ended) {
        return new PodTrouble("Failing", Reason.PodFailed, end(name, ended));
    }

    private static String end(String name, Termination ended) {
        var exit = "exit status " + ended.exitCode();
        if (ended.reason().equals("OOMKilled")) {
            return name + " ended with OOMKilled (" + exit + "): it used more memory than its limit";
        }
        return name + " ended with "
                + (PLAIN_EXIT.contains(ended.reason()) ? exit : ended.reason() + " (" + exit + ")")
                + (ended.message().isEmpty() ? "" : ": " + ended.message());
    }

    /** The kubelet says alternately why a pull failed and that it waits with the next: the text of the second begins the first's. */
    private static String withoutImage(String name, ContainerState container) {
        var why = plain(container.message().replaceFirst("^Back-off pulling image \"[^\"]*\"(: )?", ""));
        return name + " has no image" + (container.image().isEmpty() ? "" : " " + container.image())
                + (why.isEmpty() ? "" : ": " + why);
    }

    /** That a name is reserved only means that an earlier attempt goes on. */
    private static String notCreated(ContainerState container) {
        var why = plain(container.message());
        return " cannot be created"
                + (why.isEmpty() || why.contains("failed to reserve container name") ? "" : ": " + why);
    }

    private static String plain(String message) {
        return message.replaceFirst("^Err\\w+: ", "").replaceFirst("^rpc error: code = \\w+ desc = ", "");
    }

    private PodTrouble explained(Optional<ObservedAgent.Warning> warning) {
        if (reason != Reason.PodStarting || warning.isEmpty()) {
            return this;
        }
        var what = warning.get();
        return new PodTrouble(
                state,
                NO_VOLUME.contains(what.reason()) ? Reason.VolumeNotMounted : reason,
                NO_VOLUME.contains(what.reason()) ? what.message() : message + ": " + what.message());
    }
}
