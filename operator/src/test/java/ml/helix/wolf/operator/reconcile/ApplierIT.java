package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
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
            var desired = desired(client);

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

    @Test
    void object_that_is_on_its_way_to_the_cache_is_not_applied_again_and_one_that_is_gone_is(
            RealApiServer.Running server) {
        try (var client = server.client()) {
            var desired = desired(client);
            var now = new AtomicLong();
            var applier = new Applier(client, now::get);
            var first = applier.apply(desired, Optional.empty());
            assertThat(first.written()).isTrue();

            now.addAndGet(Applier.ON_ITS_WAY.toNanos() - 1);
            var onItsWay = applier.apply(desired, Optional.empty());
            assertThat(onItsWay.written()).isFalse();
            assertThat(onItsWay.object()).isEqualTo(first.object());
            now.incrementAndGet();
            assertThat(applier.apply(desired, Optional.empty()).written())
                    .as("it should be there by now")
                    .isTrue();

            var another = new DaemonSetBuilder(first.object())
                    .editMetadata()
                    .withUid("another")
                    .endMetadata()
                    .build();
            applier.gone(another);
            assertThat(applier.apply(desired, Optional.empty()).written()).isFalse();
            applier.gone(first.object());
            assertThat(applier.apply(desired, Optional.empty()).written()).isTrue();
        }
    }

    private static DaemonSet desired(KubernetesClient client) {
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
        return AgentDaemonSet.of(tunnel, new Facts("agent:1", Optional.empty(), Optional.empty()));
    }

    private static int desiredNumber(Applier.Outcome<DaemonSet> outcome) {
        return outcome.object().getStatus().getDesiredNumberScheduled();
    }
}
