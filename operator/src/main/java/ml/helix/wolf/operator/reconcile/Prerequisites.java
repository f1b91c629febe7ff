package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.HashSet;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.RunnerToken;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.desired.TemplateInputs;
import ml.helix.wolf.operator.observed.Obstacle;

/** The token and the CA bundle of a tunnel: there, or what is missing. */
final class Prerequisites {
    private final ReferenceWatches references;
    private final String agentImage;

    Prerequisites(ReferenceWatches references, String agentImage) {
        this.references = references;
        this.agentImage = agentImage;
    }

    /** What is known of a tunnel's prerequisites. */
    sealed interface Found {
        /** Not known yet; a reconciliation follows when it is. */
        record Loading() implements Found {}

        record Ready(TemplateInputs inputs) implements Found {}

        record Missing(Obstacle obstacle) implements Found {}
    }

    Found of(WolfTunnel tunnel) {
        var namespace = tunnel.getMetadata().getNamespace();
        var tokenRef = tunnel.getSpec().runnerToken().secretRef();
        var bundleRef = tunnel.getSpec().controlPlane().caBundleRef();
        var secret = Reference.secret(namespace, tokenRef.name());
        var bundle = Optional.ofNullable(bundleRef).map(ref -> Reference.configMap(namespace, ref.name()));
        var wanted = new HashSet<Reference>();
        wanted.add(secret);
        bundle.ifPresent(wanted::add);
        references.hold(ResourceID.fromResource(tunnel), wanted);

        var token = content(secret, tokenRef.key());
        var certificates = bundleRef == null
                ? Optional.<KeyContent>empty()
                : bundle.map(reference -> content(reference, bundleRef.key()));
        if (token instanceof KeyContent.Unknown
                || certificates.filter(KeyContent.Unknown.class::isInstance).isPresent()) {
            return new Found.Loading();
        }
        var leftAlone = "; agents that run are left alone";
        if (token instanceof KeyContent.Missing(var why)) {
            return new Found.Missing(new Obstacle.RunnerTokenMissing(why
                    + "; create it: kubectl -n " + namespace + " create secret generic " + tokenRef.name()
                    + " --from-file=" + tokenRef.key() + "=TOKEN-FILE" + leftAlone));
        }
        if (token instanceof KeyContent.Invalid(var why)) {
            return new Found.Missing(new Obstacle.RunnerTokenInvalid(
                    why + ": a token is one line of ASCII characters without a space; correct it" + leftAlone));
        }
        if (certificates.orElse(null) instanceof KeyContent.Missing(var why)) {
            return new Found.Missing(
                    new Obstacle.CaBundleMissing(why + "; create it, or remove spec.controlPlane.caBundleRef"));
        }
        if (certificates.orElse(null) instanceof KeyContent.Invalid(var why)) {
            return new Found.Missing(new Obstacle.CaBundleInvalid(
                    why + "; correct it, or remove spec.controlPlane.caBundleRef" + leftAlone));
        }
        boolean rolls = tunnel.getSpec().runnerToken().delivery() == RunnerToken.Delivery.Env;
        return new Found.Ready(new TemplateInputs(
                agentImage,
                rolls ? Optional.of(generation(token)) : Optional.empty(),
                certificates.map(Prerequisites::generation)));
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
                throw new IllegalArgumentException("nobody refers to a " + other.getKind());
        };
    }
}
