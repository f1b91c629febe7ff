package ml.helix.wolf.operator.status;

import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.ContainerState;

/** What keeps a pod from running its agent, in the pod's own words. */
record PodTrouble(String state, Reason reason, String message) {
    private static final Set<String> NO_IMAGE = Set.of(
            "ImagePullBackOff",
            "ErrImagePull",
            "ErrImageNeverPull",
            "InvalidImageName",
            "ImageInspectError",
            "RegistryUnavailable");
    private static final Set<String> BAD_CONFIG =
            Set.of("CreateContainerConfigError", "CreateContainerError", "RunContainerError");

    /** Why the agent does not run; nothing where it does. */
    static Optional<PodTrouble> of(AgentPod pod) {
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
                .map(PodTrouble::of)
                .orElseGet(() -> Optional.of(new PodTrouble("Pending", Reason.PodStarting, "the pod is starting")));
    }

    /** What is wrong with a container, whichever it is; nothing where it runs. */
    static Optional<PodTrouble> of(ContainerState container) {
        if (container.running()) {
            return Optional.empty();
        }
        var name = "container " + container.name();
        var said = container.message().isEmpty() ? "" : ": " + container.message();
        if (NO_IMAGE.contains(container.waiting())) {
            return Optional.of(new PodTrouble("Pending", Reason.ImagePullBackOff, name + said));
        }
        if (BAD_CONFIG.contains(container.waiting())) {
            return Optional.of(new PodTrouble("Pending", Reason.ContainerConfigError, name + said));
        }
        var exit = container.exitCode().map(code -> " ended with exit status " + code);
        if (container.waiting().equals("CrashLoopBackOff")) {
            return Optional.of(new PodTrouble(
                    "Failing",
                    Reason.CrashLoopBackOff,
                    name + exit.orElse(" ends again and again") + "; see kubectl logs --previous"));
        }
        return Optional.of(
                exit.isPresent()
                        ? new PodTrouble("Failing", Reason.PodFailed, name + exit.get() + "; it is started again")
                        : new PodTrouble("Pending", Reason.PodStarting, name + " is starting"));
    }
}
