package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.AgentDaemonSet;
import ml.helix.wolf.operator.desired.AgentServiceAccount;
import ml.helix.wolf.operator.desired.TemplateInputs;
import ml.helix.wolf.operator.observed.Obstacle;

/** Makes a tunnel's ServiceAccount and DaemonSet what they should be, or says what is in the way. Thread-safe. */
final class AgentObjects {
    static final Duration AFTER_REFUSAL = Duration.ofSeconds(30);
    private static final Duration AFTER_LEFTOVER = Duration.ofSeconds(2);
    private static final Set<Integer> PASSING = Set.of(401, 404, 408, 409, 410, 425, 429);
    private static final String IMMUTABLE = "field is immutable";

    private final Applier applier;
    private final RefusalTimer refusals;
    private final OperatorMetrics activity;

    AgentObjects(KubernetesClient client, InstantSource clock, OperatorMetrics activity) {
        this.applier = new Applier(client);
        this.refusals = new RefusalTimer(clock);
        this.activity = activity;
    }

    /**
     * What has come of an apply.
     *
     * @param daemonSet as it is now, empty where the tunnel has none
     * @param obstacle why it isn't as it should be; empty where it is, or where it will be soon
     * @param again when to look again, beside events
     */
    record Result(Optional<DaemonSet> daemonSet, Optional<Obstacle> obstacle, Optional<Duration> again) {}

    /**
     * @param account as the cache has it
     * @param daemonSet as the cache has it
     * @throws KubernetesClientException where the API server doesn't answer, or refuses for a reason that may pass
     */
    Result apply(
            WolfTunnel tunnel, DaemonSet desired, Optional<ServiceAccount> account, Optional<DaemonSet> daemonSet) {
        var id = ResourceID.fromResource(tunnel);
        var present = daemonSet.filter(found -> Ownership.of(found, desired).permitsChanges());
        try {
            var itsAccount = applied(AgentServiceAccount.of(tunnel), account);
            if (!(itsAccount instanceof Applier.Outcome.Applied)) {
                return hindered(id, itsAccount, present);
            }
            var outcome = applied(desired, daemonSet);
            if (outcome instanceof Applier.Outcome.Applied<DaemonSet>(var object, var written)) {
                refusals.over(id);
                return new Result(Optional.of(object), Optional.empty(), Optional.empty());
            }
            return hindered(id, outcome, present);
        } catch (Applier.Failure failure) {
            return refused(id, failure, present);
        }
    }

    private <T extends HasMetadata> Applier.Outcome<T> applied(T desired, Optional<T> cached) {
        var outcome = applier.apply(desired, cached);
        activity.applied(outcome instanceof Applier.Outcome.Applied<T>(var object, var written) && written);
        return outcome;
    }

    private Result hindered(
            ResourceID tunnel, Applier.Outcome<? extends HasMetadata> outcome, Optional<DaemonSet> present) {
        return switch (outcome) {
            case Applier.Outcome.Applied<?> done -> new Result(present, Optional.empty(), Optional.empty());
            case Applier.Outcome.NotOurs<? extends HasMetadata>(var object, var ownership) -> {
                boolean goesSoon = ownership == Ownership.LEFTOVER && !refusals.lasting(tunnel);
                yield goesSoon
                        ? new Result(present, Optional.empty(), Optional.of(AFTER_LEFTOVER))
                        : new Result(present, Optional.of(taken(object)), Optional.of(AFTER_REFUSAL));
            }
            case Applier.Outcome.Contested<? extends HasMetadata>(var object, var wait) ->
                new Result(present, Optional.of(contested(object)), Optional.of(wait));
        };
    }

    private Result refused(ResourceID tunnel, Applier.Failure failure, Optional<DaemonSet> present) {
        var answer = failure.answer();
        if (answer.getCode() < 400) {
            refusals.over(tunnel);
            throw answer;
        }
        boolean lasting = refusals.lasting(tunnel);
        if (passing(answer) && !lasting) {
            throw answer;
        }
        return new Result(present, Optional.of(refusal(failure)), Optional.of(AFTER_REFUSAL));
    }

    private static Obstacle taken(HasMetadata object) {
        return new Obstacle.NameTaken("%s exists and isn't this tunnel's: rename the tunnel or delete it (%s)"
                .formatted(name(object), delete(object)));
    }

    private static Obstacle contested(HasMetadata object) {
        return new Obstacle.Contested(
                "%s is changed by somebody else each time that the operator has put it right; find out who: kubectl -n %s get %s %s -o yaml --show-managed-fields"
                        .formatted(
                                name(object),
                                object.getMetadata().getNamespace(),
                                kind(object),
                                object.getMetadata().getName()));
    }

    private static Obstacle refusal(Applier.Failure failure) {
        var object = failure.object();
        var words = words(failure.answer());
        return new Obstacle.ApplyRefused(
                words.contains(IMMUTABLE)
                        ? "%s exists with a field that can't be changed; delete it and the operator creates it again (%s). The API server says: %s"
                                .formatted(name(object), delete(object), words)
                        : "the API server refuses %s: %s".formatted(name(object), words));
    }

    /** Whether the same request may succeed a little later. */
    static boolean passing(KubernetesClientException e) {
        return e.getCode() < 400 || e.getCode() >= 500 || PASSING.contains(e.getCode());
    }

    /** The API server's own sentence. */
    static String words(KubernetesClientException e) {
        var status = e.getStatus();
        return status != null && status.getMessage() != null ? status.getMessage() : String.valueOf(e.getMessage());
    }

    private static String name(HasMetadata object) {
        return object.getKind() + " " + object.getMetadata().getName();
    }

    private static String delete(HasMetadata object) {
        return "kubectl -n %s delete %s %s"
                .formatted(
                        object.getMetadata().getNamespace(),
                        kind(object),
                        object.getMetadata().getName());
    }

    private static String kind(HasMetadata object) {
        return object.getKind().toLowerCase(Locale.ROOT);
    }

    /** An object was deleted. */
    void gone(HasMetadata object) {
        applier.gone(object);
    }

    void forget(WolfTunnel tunnel) {
        refusals.over(ResourceID.fromResource(tunnel));
        applier.forget(AgentServiceAccount.of(tunnel));
        applier.forget(AgentDaemonSet.of(tunnel, new TemplateInputs("", Optional.empty(), Optional.empty())));
    }
}
