package ml.helix.wolf.operator.status;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import ml.helix.wolf.operator.observed.Observations;

/** From pods and answers to one verdict per node. */
final class Verdicts {
    private Verdicts() {}

    /**
     * The most urgent first. If a node has two pods, as in a rollout, the connected one counts, else the younger. Each pod
     * without a node counts.
     */
    static List<Verdict> of(Observations observed, LastStatus last, Instant now) {
        var agents =
                new AgentJudge(new SettingNames(observed.settingSources()), observed.severalControlPlanes(), last, now);
        var containers = new OtherContainers(observed.wolfContainer(), last, now);
        var byNode = new LinkedHashMap<String, Verdict>();
        for (var agent : observed.agents()) {
            var pod = agent.pod();
            byNode.merge(
                    pod.node().isEmpty() ? "/" + pod.uid() : pod.node(),
                    containers.addTo(agents.verdict(agent)),
                    Verdicts::preferred);
        }
        return byNode.values().stream().sorted(Verdict.BY_URGENCY).toList();
    }

    private static Verdict preferred(Verdict one, Verdict other) {
        if (one.pod().terminating() != other.pod().terminating()) {
            return one.pod().terminating() ? other : one;
        }
        if (one.connected() != other.connected()) {
            return one.connected() ? one : other;
        }
        int age = one.pod().created().compareTo(other.pod().created());
        return age > 0 || (age == 0 && one.pod().name().compareTo(other.pod().name()) > 0) ? one : other;
    }
}
