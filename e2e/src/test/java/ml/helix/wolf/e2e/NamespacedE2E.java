package ml.helix.wolf.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The operator with a Role in place of the ClusterRole, in a namespace of its own beside the cluster's operator. */
@ExtendWith(Stage.Resolver.class)
class NamespacedE2E {
    private static final String NAMESPACE = "wolf";

    private final Stage stage;

    NamespacedE2E(Stage stage) {
        this.stage = stage;
    }

    /** The cluster-wide operator is away meanwhile: what happens is the Role's work alone, and in its namespace alone. */
    @Test
    void anOperatorWithARoleServesItsOwnNamespaceAndNoOther() {
        stage.scaleOperator(0);
        try {
            stage.install("namespaced", NAMESPACE);
            stage.secret(NAMESPACE, "wolf-token", "token", Stage.RUNNER_TOKEN);
            stage.rolledOut(NAMESPACE, "deployment/" + Stage.OPERATOR);
            try (Tunnel mine = stage.tunnel(NAMESPACE, "mine", stage.sidecar());
                    Tunnel foreign = stage.tunnel("foreign", stage.sidecar())) {
                mine.awaitReady();

                assertThat(mine.only().state()).isEqualTo("Connected");
                assertThat(foreign.status().observedGeneration()).isEqualTo(-1);
                assertThat(foreign.status().conditions()).isEmpty();
                assertThat(foreign.daemonSets()).isEmpty();
                assertThat(Command.attempt(
                                "kubectl auth can-i list secrets --all-namespaces --as system:serviceaccount:"
                                        + NAMESPACE + ":" + Stage.OPERATOR))
                        .startsWith("no");
            }
        } finally {
            stage.removeNamespace(NAMESPACE);
            stage.scaleOperator(2);
            stage.rolledOut(Stage.OPERATOR_NAMESPACE, "deployment/" + Stage.OPERATOR);
        }
    }
}
