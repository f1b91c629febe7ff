package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** The agents' identity: bound to no role, its token mounted nowhere. */
public final class AgentServiceAccount {
    private AgentServiceAccount() {}

    public static ServiceAccount of(WolfTunnel tunnel) {
        return new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(tunnel.getMetadata().getNamespace())
                .withName(AgentMetadata.name(tunnel))
                .withLabels(AgentMetadata.labels(tunnel))
                .withOwnerReferences(AgentMetadata.owner(tunnel))
                .endMetadata()
                .withAutomountServiceAccountToken(false)
                .build();
    }
}
