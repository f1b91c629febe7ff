package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** What the operator's objects are called, and how they are recognised. */
public final class Names {
    public static final String NAME_LABEL = "app.kubernetes.io/name";
    public static final String INSTANCE_LABEL = "app.kubernetes.io/instance";
    public static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";

    /** Selects every object that the operator makes, and every pod of its DaemonSets. */
    public static final String SELECTOR =
            NAME_LABEL + "=wolf-tunnel-agent," + MANAGED_BY_LABEL + "=wolf-tunnel-operator";

    /** On the DaemonSet: a digest of everything that was desired when it was last applied. */
    public static final String DESIRED_ANNOTATION = "wolf.helix.ml/desired";

    /** On the DaemonSet: the namespace of the operator that applied it last, where its Lease is. */
    public static final String OPERATOR_ANNOTATION = "wolf.helix.ml/operator";

    static final String TOKEN_ANNOTATION = "wolf.helix.ml/token-generation";
    static final String CA_ANNOTATION = "wolf.helix.ml/ca-generation";

    /** The agent's container in its pod. */
    public static final String AGENT_CONTAINER = "agent";

    private static final String AGENTS_SUFFIX = "-tunnel-agent";

    private Names() {}

    /** Of the tunnel's DaemonSet and ServiceAccount. */
    public static String agents(WolfTunnel tunnel) {
        return tunnel.getMetadata().getName() + AGENTS_SUFFIX;
    }

    /** The name of the tunnel whose DaemonSet or ServiceAccount has this name; empty where none can have it. */
    public static Optional<String> tunnelOf(String agents) {
        return agents.endsWith(AGENTS_SUFFIX)
                ? Optional.of(agents.substring(0, agents.length() - AGENTS_SUFFIX.length()))
                : Optional.empty();
    }

    static Map<String, String> labels(WolfTunnel tunnel) {
        return Map.of(
                NAME_LABEL, "wolf-tunnel-agent",
                INSTANCE_LABEL, tunnel.getMetadata().getName(),
                MANAGED_BY_LABEL, "wolf-tunnel-operator");
    }

    /** What a DaemonSet selects its pods by; it can never change, so it is no more than is needed. */
    static Map<String, String> selector(WolfTunnel tunnel) {
        return Map.of(
                NAME_LABEL,
                "wolf-tunnel-agent",
                INSTANCE_LABEL,
                tunnel.getMetadata().getName());
    }

    /**
     * Makes the cluster's garbage collector delete an object with its tunnel, and before it where the tunnel is deleted in
     * the foreground.
     */
    static OwnerReference owner(WolfTunnel tunnel) {
        return new OwnerReferenceBuilder()
                .withApiVersion(tunnel.getApiVersion())
                .withKind(tunnel.getKind())
                .withName(tunnel.getMetadata().getName())
                .withUid(tunnel.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build();
    }
}
