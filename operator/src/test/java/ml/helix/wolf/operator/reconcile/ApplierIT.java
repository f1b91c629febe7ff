package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import java.util.Optional;
import ml.helix.wolf.operator.TunnelYaml;
import ml.helix.wolf.operator.apiserver.RealApiServer;
import ml.helix.wolf.operator.desired.AgentDaemonSet;
import ml.helix.wolf.operator.desired.Facts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RealApiServer.class)
class ApplierIT {
    @Test
    void cache_that_lags_behind_the_last_answer_is_not_believed(RealApiServer.Running server) {
        try (var client = server.client()) {
            var namespace = client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withGenerateName("applier-")
                            .endMetadata()
                            .build())
                    .create()
                    .getMetadata()
                    .getName();
            var tunnel = TunnelYaml.tunnel("{}");
            tunnel.getMetadata().setNamespace(namespace);
            var desired = AgentDaemonSet.of(tunnel, new Facts("agent:1", Optional.empty(), Optional.empty()));

            DaemonSet stale =
                    new Applier(client).apply(desired, Optional.empty()).object();
            client.resource(stale).subresource("status").edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                    .editOrNewStatus()
                    .withObservedGeneration(1L)
                    .withDesiredNumberScheduled(3)
                    .endStatus()
                    .build());

            var afterRestart = new Applier(client);
            assertThat(desiredNumber(afterRestart.apply(desired, Optional.of(stale))))
                    .isEqualTo(3);
            var again = afterRestart.apply(desired, Optional.of(stale));
            assertThat(again.written()).isFalse();
            assertThat(desiredNumber(again)).isEqualTo(3);
        }
    }

    private static int desiredNumber(Applier.Outcome<DaemonSet> outcome) {
        return outcome.object().getStatus().getDesiredNumberScheduled();
    }
}
