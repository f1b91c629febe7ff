package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;

/** A Secret or ConfigMap that a WolfTunnel names. */
record Reference(Class<? extends HasMetadata> kind, String namespace, String name) {
    static Reference secret(String namespace, String name) {
        return new Reference(Secret.class, namespace, name);
    }

    static Reference configMap(String namespace, String name) {
        return new Reference(ConfigMap.class, namespace, name);
    }

    @Override
    public String toString() {
        return kind.getSimpleName() + " " + name;
    }
}
