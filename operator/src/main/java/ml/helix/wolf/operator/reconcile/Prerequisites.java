package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ml.helix.wolf.crds.v1alpha1.TokenSecretRef;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.AgentDaemonSet;
import ml.helix.wolf.operator.desired.TemplateInputs;
import ml.helix.wolf.operator.observed.Obstacle;

/** Checks the token and the CA bundle that a WolfTunnel names, and makes the desired DaemonSet of them. Thread-safe. */
final class Prerequisites {
    private static final String LEFT_ALONE = "; agents that run are left alone";

    private final ReferenceWatches references;
    private final String agentImage;

    /** @param agentImage for WolfTunnels that name none */
    Prerequisites(ReferenceWatches references, String agentImage) {
        this.references = references;
        this.agentImage = agentImage;
    }

    Check check(ResourceID id, WolfTunnel resource) {
        var spec = resource.getSpec();
        var namespace = resource.getMetadata().getNamespace();
        var tokenRef = Optional.ofNullable(spec.runnerToken().secretRef());
        var secret = tokenRef.map(ref -> Reference.secret(namespace, ref.name()));
        var bundleRef = Optional.ofNullable(spec.controlPlane().caBundleRef());
        var configMap = bundleRef.map(ref -> Reference.configMap(namespace, ref.name()));
        references.watch(id, Stream.concat(secret.stream(), configMap.stream()).collect(Collectors.toSet()));

        var token = tokenRef.map(ref -> content(secret.orElseThrow(), ref.key()));
        var bundle = bundleRef.map(ref -> content(configMap.orElseThrow(), ref.key()));
        if (Stream.concat(token.stream(), bundle.stream()).anyMatch(KeyContent.Unknown.class::isInstance)) {
            return new Check.Loading();
        }
        var obstacle = token.flatMap(content -> tokenObstacle(content, namespace, tokenRef.orElseThrow()))
                .or(() -> bundle.flatMap(Prerequisites::bundleObstacle));
        if (obstacle.isPresent()) {
            return new Check.Blocked(obstacle.get());
        }
        var desired = AgentDaemonSet.of(
                resource,
                new TemplateInputs(
                        agentImage,
                        spec.runnerToken().fromFile() ? Optional.empty() : token.map(Prerequisites::generation),
                        bundle.map(Prerequisites::generation)));
        return spec.paused() ? new Check.Paused(desired) : new Check.Go(desired);
    }

    private static Optional<Obstacle> tokenObstacle(KeyContent token, String namespace, TokenSecretRef reference) {
        var createCommand = "kubectl -n " + namespace + " create secret generic " + reference.name() + " --from-file="
                + reference.key() + "=TOKEN-FILE";
        return switch (token) {
            case KeyContent.Missing(var why) ->
                Optional.of(new Obstacle.RunnerTokenMissing(why + "; create it: " + createCommand + LEFT_ALONE));
            case KeyContent.Invalid(var why) ->
                Optional.of(new Obstacle.RunnerTokenInvalid(
                        why + ": a token is one line of ASCII characters without a space; correct it" + LEFT_ALONE));
            case KeyContent.Unknown unknown -> Optional.empty();
            case KeyContent.Usable usable -> Optional.empty();
        };
    }

    private static Optional<Obstacle> bundleObstacle(KeyContent bundle) {
        return switch (bundle) {
            case KeyContent.Missing(var why) ->
                Optional.of(new Obstacle.CaBundleMissing(why + "; create it, or remove spec.controlPlane.caBundleRef"));
            case KeyContent.Invalid(var why) ->
                Optional.of(new Obstacle.CaBundleInvalid(
                        why + "; correct it, or remove spec.controlPlane.caBundleRef" + LEFT_ALONE));
            case KeyContent.Unknown unknown -> Optional.empty();
            case KeyContent.Usable usable -> Optional.empty();
        };
    }

    private static String generation(KeyContent content) {
        return content instanceof KeyContent.Usable(var generation) ? generation : "";
    }

    private KeyContent content(Reference reference, String key) {
        return switch (references.lookup(reference)) {
            case ReferenceWatches.Lookup.Loading loading -> new KeyContent.Unknown();
            case ReferenceWatches.Lookup.Absent absent -> new KeyContent.Missing(reference + " does not exist");
            case ReferenceWatches.Lookup.Unreadable(var why) ->
                new KeyContent.Missing(reference + " cannot be read: " + why);
            case ReferenceWatches.Lookup.Present(Secret secret) ->
                KeyContent.ofToken(secret, reference.toString(), key);
            case ReferenceWatches.Lookup.Present(ConfigMap map) -> KeyContent.ofBundle(map, reference.toString(), key);
            case ReferenceWatches.Lookup.Present(var other) ->
                throw new IllegalArgumentException("a reference to a " + other.getKind());
        };
    }

    /** For a WolfTunnel that is deleted. */
    void forget(ResourceID id) {
        references.watch(id, Set.of());
    }
}
