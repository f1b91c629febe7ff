package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** The agents' ServiceAccount: no role is bound to it, and its token is mounted nowhere. */
public final class AgentServiceAccount {
    private AgentServiceAccount() {}

    public static ServiceAccount of(WolfTunnel resource) {
        return new ServiceAccountBuilder()
                .withMetadata(AgentMetadata.of(resource))
                .withAutomountServiceAccountToken(false)
                .build();
    }
}
