package ml.helix.wolf.operator.status;

import static ml.helix.wolf.operator.status.UndatedCondition.isFalse;
import static ml.helix.wolf.operator.status.UndatedCondition.isTrue;
import static ml.helix.wolf.operator.status.UndatedCondition.isUnknown;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import ml.helix.wolf.operator.observed.Cordons;

/** The condition about cordoned nodes, if the WolfTunnel drains them. */
final class CordonCondition {
    private static final ConditionType TYPE = ConditionType.CordonedNodesDrained;
    /** Nodes in the message. */
    private static final int MAX_NAMED = 5;

    private CordonCondition() {}

    static Optional<UndatedCondition> of(Cordons cordons, List<Verdict> verdicts) {
        return switch (cordons) {
            case Cordons.Ignored ignored -> Optional.empty();
            case Cordons.Loading loading -> Optional.of(isUnknown(TYPE, "the cluster's nodes are not known yet"));
            case Cordons.Forbidden forbidden ->
                Optional.of(isFalse(
                        TYPE,
                        Reason.NodesForbidden,
                        "the operator may not watch nodes and annotate pods: a cluster admin allows it with kubectl apply -k"
                                + " manifests/drain-cordoned-nodes; or set spec.drainCordonedNodes to false"));
            case Cordons.Known(var nodes) -> {
                var cordoned = verdicts.stream()
                        .map(verdict -> verdict.pod().node())
                        .filter(nodes::contains)
                        .distinct()
                        .sorted()
                        .toList();
                yield Optional.of(isTrue(TYPE, Reason.NodesWatched, message(cordoned)));
            }
        };
    }

    private static String message(List<String> cordoned) {
        if (cordoned.isEmpty()) {
            return "no node with an agent is cordoned";
        }
        int others = cordoned.size() - MAX_NAMED;
        return "the agents of cordoned nodes ask to be drained: "
                + cordoned.stream().limit(MAX_NAMED).collect(Collectors.joining(", "))
                + (others > 0 ? " and " + others + " more" : "");
    }
}
