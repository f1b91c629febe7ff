package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The operator with a Role instead of the ClusterRole, for its own namespace alone. */
@ExtendWith(TestCluster.Resolver.class)
class NamespacedE2E {
    private static final String NAMESPACE = "wolf";

    private final TestCluster cluster;

    NamespacedE2E(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** The cluster-wide operator is stopped meanwhile, so that only the namespaced one can have done the work. */
    @Test
    void anOperatorWithARoleServesItsOwnNamespaceAndNoOther() {
        cluster.scaleOperator(0);
        try {
            cluster.install("namespaced", NAMESPACE);
            cluster.writeSecret(NAMESPACE, "wolf-token", "token", TestCluster.RUNNER_TOKEN);
            cluster.awaitRollout(NAMESPACE, "deployment/" + TestCluster.OPERATOR);
            try (AppliedWolfTunnel served = cluster.applyWolfTunnel(NAMESPACE, "served", cluster.sidecarSpec());
                    AppliedWolfTunnel notServed = cluster.applyWolfTunnel("not-served", cluster.sidecarSpec())) {
                served.awaitReady();

                assertThat(served.onlyTunnel().state()).isEqualTo("Connected");
                assertThat(notServed.status().observedGeneration()).isEqualTo(-1);
                assertThat(notServed.status().conditions()).isEmpty();
                assertThat(notServed.daemonSets()).isEmpty();
                assertThat(Command.attempt(
                                "kubectl auth can-i list secrets --all-namespaces --as system:serviceaccount:"
                                        + NAMESPACE + ":" + TestCluster.OPERATOR))
                        .startsWith("no");
            }
        } finally {
            cluster.removeNamespace(NAMESPACE);
            cluster.scaleOperator(2);
            cluster.awaitRollout(TestCluster.OPERATOR_NAMESPACE, "deployment/" + TestCluster.OPERATOR);
        }
    }
}
