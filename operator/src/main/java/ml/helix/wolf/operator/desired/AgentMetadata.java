package ml.helix.wolf.operator.desired;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;

/** Names, labels, annotations and owner of the objects that the operator creates for a WolfTunnel. */
public final class AgentMetadata {
    public static final String NAME_LABEL = "app.kubernetes.io/name";
    public static final String INSTANCE_LABEL = "app.kubernetes.io/instance";
    public static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";

    /** Of the operator's server-side applies. */
    public static final String FIELD_MANAGER = "wolf-tunnel-operator";

    /** Selects every object that the operator creates, and every pod of its DaemonSets. */
    public static final String SELECTOR =
            NAME_LABEL + "=wolf-tunnel-agent," + MANAGED_BY_LABEL + "=wolf-tunnel-operator";

    /** On the DaemonSet: a digest of what was desired when it was last applied. */
    public static final String DESIRED_ANNOTATION = "wolf.helix.ml/desired";

    /** On the DaemonSet: the namespace of the operator that applied it last, where its Lease is. */
    public static final String OPERATOR_ANNOTATION = "wolf.helix.ml/operator";

    /** On a pod: {@code true} while its node is cordoned, if the WolfTunnel drains cordoned nodes. */
    public static final String CORDONED_ANNOTATION = "wolf.helix.ml/cordoned";

    static final String TOKEN_ANNOTATION = "wolf.helix.ml/token-generation";
    static final String CA_ANNOTATION = "wolf.helix.ml/ca-generation";

    /** The agent's container in its pod. */
    public static final String AGENT_CONTAINER = "agent";

    private static final String AGENTS_SUFFIX = "-tunnel-agent";

    private AgentMetadata() {}

    /** The name of the resource's DaemonSet and ServiceAccount. */
    public static String name(WolfTunnel resource) {
        return resource.getMetadata().getName() + AGENTS_SUFFIX;
    }

    /** The name of the WolfTunnel whose DaemonSet or ServiceAccount has this name; empty if no WolfTunnel's has. */
    public static Optional<String> resourceName(String name) {
        return name.endsWith(AGENTS_SUFFIX)
                ? Optional.of(name.substring(0, name.length() - AGENTS_SUFFIX.length()))
                : Optional.empty();
    }

    static Map<String, String> labels(WolfTunnel resource) {
        return Map.of(
                NAME_LABEL, "wolf-tunnel-agent",
                INSTANCE_LABEL, resource.getMetadata().getName(),
                MANAGED_BY_LABEL, "wolf-tunnel-operator");
    }

    /** The DaemonSet's selector. It is immutable, so it holds only what is needed to find the pods. */
    static Map<String, String> selector(WolfTunnel resource) {
        return Map.of(
                NAME_LABEL,
                "wolf-tunnel-agent",
                INSTANCE_LABEL,
                resource.getMetadata().getName());
    }

    /**
     * The metadata of the DaemonSet and the ServiceAccount. By the owner reference the garbage collector deletes them with
     * the WolfTunnel; before it, if that is deleted in the foreground.
     */
    static ObjectMeta of(WolfTunnel resource) {
        return new ObjectMetaBuilder()
                .withNamespace(resource.getMetadata().getNamespace())
                .withName(name(resource))
                .withLabels(labels(resource))
                .addNewOwnerReference()
                .withApiVersion(resource.getApiVersion())
                .withKind(resource.getKind())
                .withName(resource.getMetadata().getName())
                .withUid(resource.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .endOwnerReference()
                .build();
    }
}
