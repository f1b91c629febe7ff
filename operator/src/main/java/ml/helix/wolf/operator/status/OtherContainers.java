package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.operator.desired.AgentContainer;
import ml.helix.wolf.operator.observed.AgentPod;
import ml.helix.wolf.operator.observed.ContainerState;

/**
 * Judges the containers beside the agent: the one of {@code spec.wolf.container} counts for Ready, one that a webhook
 * injected is only named.
 *
 * @param wolfContainer the name of {@code spec.wolf.container}, "" if there is none
 */
record OtherContainers(String wolfContainer, LastStatus last, Instant now) {

    /** The agent's verdict, with another container's problem in place of the agent's if that is more urgent. */
    Verdict addTo(Verdict agent) {
        if (!agent.available()) {
            return agent;
        }
        var wolf = wolfContainer.isEmpty() ? Optional.<Cause>empty() : wolf(agent.pod());
        if (wolf.isPresent()) {
            return agent.connected() || wolf.get().kind().compareTo(agent.kind()) < 0
                    ? agent.notReadyBecause(wolf.get())
                    : agent;
        }
        var injected = injected(agent.pod());
        return injected.isPresent() && agent.connected() && agent.kind() != Reason.Kind.ACTION
                ? agent.because(injected)
                : agent;
    }

    private Optional<Cause> wolf(AgentPod pod) {
        var name = "container " + wolfContainer;
        var container = pod.container(wolfContainer);
        if (container.isEmpty()) {
            return Optional.of(new Cause(Reason.PodStarting, name + " is starting"));
        }
        return problem(pod, container.get()).or(() -> container
                .filter(running -> !running.ready())
                .map(unready -> new Cause(Reason.ContainerNotReady, name + " runs, but is not ready: see its probes")));
    }

    private Optional<Cause> injected(AgentPod pod) {
        return pod.containers().stream()
                .filter(container -> !container.name().equals(AgentContainer.NAME))
                .filter(container -> !container.name().equals(wolfContainer))
                .flatMap(container -> problem(pod, container).stream())
                .findFirst();
    }

    private Optional<Cause> problem(AgentPod pod, ContainerState container) {
        return PodProblem.of(container, last.tunnel(pod), now).map(PodProblem::cause);
    }
}
