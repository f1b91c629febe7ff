package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.AgentDaemonSet;
import ml.helix.wolf.operator.desired.AgentServiceAccount;
import ml.helix.wolf.operator.desired.TemplateInputs;
import ml.helix.wolf.operator.observed.Obstacle;

/** Applies a WolfTunnel's ServiceAccount and DaemonSet, and turns what prevents that into an obstacle. Thread-safe. */
final class AgentObjects {
    static final Duration AFTER_REFUSAL = Duration.ofSeconds(30);
    private static final Duration AFTER_LEFTOVER = Duration.ofSeconds(2);
    private static final String IMMUTABLE = "field is immutable";

    private final Applier applier;
    private final RefusalTimer refusals;
    private final OperatorMetrics metrics;

    AgentObjects(KubernetesClient client, InstantSource clock, OperatorMetrics metrics) {
        this.applier = new Applier(client);
        this.refusals = new RefusalTimer(clock);
        this.metrics = metrics;
    }

    /** @throws KubernetesClientException if the API server does not answer, or refuses for a reason that may pass */
    ApplyResult apply(Observed observed, DaemonSet desired) {
        try {
            var account = apply(AgentServiceAccount.of(observed.resource()), observed.account());
            if (!(account instanceof Applier.Outcome.Applied)) {
                return notApplied(observed, account);
            }
            var daemonSet = apply(desired, observed.daemonSet());
            if (daemonSet instanceof Applier.Outcome.Applied<DaemonSet>(var object, var written)) {
                refusals.reset(observed.id());
                return ApplyResult.applied(object);
            }
            return notApplied(observed, daemonSet);
        } catch (Applier.Failure failure) {
            return refused(observed, failure);
        }
    }

    private <T extends HasMetadata> Applier.Outcome<T> apply(T desired, Optional<T> cached) {
        var outcome = applier.apply(desired, cached);
        metrics.countApply(outcome instanceof Applier.Outcome.Applied<T>(var object, var written) && written);
        return outcome;
    }

    private ApplyResult notApplied(Observed observed, Applier.Outcome<? extends HasMetadata> outcome) {
        return switch (outcome) {
            case Applier.Outcome.Applied<?> applied -> throw new IllegalArgumentException("it is applied");
            case Applier.Outcome.NotOurs<? extends HasMetadata>(var object, var ownership) ->
                ownership == Ownership.LEFTOVER && !refusals.persists(observed.id())
                        ? ApplyResult.waiting(observed, AFTER_LEFTOVER)
                        : ApplyResult.failed(observed, nameTaken(object), AFTER_REFUSAL);
            case Applier.Outcome.Contested<? extends HasMetadata>(var object, var wait) ->
                ApplyResult.failed(observed, contested(object), wait);
        };
    }

    private ApplyResult refused(Observed observed, Applier.Failure failure) {
        var answer = failure.answer();
        if (!ApiErrors.isAnswered(answer)) {
            refusals.reset(observed.id());
            throw answer;
        }
        boolean persists = refusals.persists(observed.id());
        if (ApiErrors.isTransient(answer) && !persists) {
            throw answer;
        }
        return ApplyResult.failed(observed, applyRefused(failure), AFTER_REFUSAL);
    }

    private static Obstacle nameTaken(HasMetadata object) {
        return new Obstacle.NameTaken(
                "%s exists and isn't this WolfTunnel's: rename the WolfTunnel, or delete the %s (%s)"
                        .formatted(name(object), object.getKind(), deleteCommand(object)));
    }

    private static Obstacle contested(HasMetadata object) {
        return new Obstacle.Contested(
                "somebody else changes %s each time that the operator has restored it; find out who: kubectl -n %s get %s %s -o yaml --show-managed-fields"
                        .formatted(
                                name(object),
                                object.getMetadata().getNamespace(),
                                kind(object),
                                object.getMetadata().getName()));
    }

    private static Obstacle applyRefused(Applier.Failure failure) {
        var object = failure.object();
        var message = ApiErrors.message(failure.answer());
        return new Obstacle.ApplyRefused(
                message.contains(IMMUTABLE)
                        ? "%s exists with a field that can't be changed; delete it and the operator creates it again (%s). The API server says: %s"
                                .formatted(name(object), deleteCommand(object), message)
                        : "the API server refuses %s: %s".formatted(name(object), message));
    }

    private static String name(HasMetadata object) {
        return object.getKind() + " " + object.getMetadata().getName();
    }

    private static String deleteCommand(HasMetadata object) {
        return "kubectl -n %s delete %s %s"
                .formatted(
                        object.getMetadata().getNamespace(),
                        kind(object),
                        object.getMetadata().getName());
    }

    private static String kind(HasMetadata object) {
        return object.getKind().toLowerCase(Locale.ROOT);
    }

    /** To be called with each deleted DaemonSet and ServiceAccount, so that the next pass applies it again at once. */
    void onDeleted(HasMetadata object) {
        applier.onDeleted(object);
    }

    void forget(WolfTunnel resource) {
        refusals.reset(ResourceID.fromResource(resource));
        applier.forget(AgentServiceAccount.of(resource));
        applier.forget(AgentDaemonSet.of(resource, new TemplateInputs("", Optional.empty(), Optional.empty())));
    }
}
