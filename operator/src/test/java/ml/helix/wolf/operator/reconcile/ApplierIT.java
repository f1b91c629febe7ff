package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.operator.apiserver.RealApiServer;
import ml.helix.wolf.operator.desired.AgentDaemonSet;
import ml.helix.wolf.operator.desired.TemplateInputs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RealApiServer.class)
class ApplierIT {
    @Test
    void cacheThatLagsBehindTheLastAnswerDoesNotCount(RealApiServer.Running server) {
        try (var client = server.client()) {
            var desired = desired(client);

            DaemonSet stale = applied(new Applier(client).apply(desired, Optional.empty()));
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
            assertThat(written(again)).isFalse();
            assertThat(desiredNumber(again)).isEqualTo(3);
        }
    }

    @Test
    void objectThatTheCacheLacksIsAppliedAgainOnlyIfDeletedOrAfterTheLag(RealApiServer.Running server) {
        try (var client = server.client()) {
            var desired = desired(client);
            var now = new AtomicLong();
            var applier = new Applier(client, now::get);
            var first = applier.apply(desired, Optional.empty());
            assertThat(written(first)).isTrue();

            now.addAndGet(Applier.CACHE_LAG.toNanos() - 1);
            var missing = applier.apply(desired, Optional.empty());
            assertThat(written(missing)).isFalse();
            assertThat(applied(missing)).isEqualTo(applied(first));
            now.incrementAndGet();
            assertThat(written(applier.apply(desired, Optional.empty())))
                    .as("the cache should have it by now")
                    .isTrue();

            var another = new DaemonSetBuilder(applied(first))
                    .editMetadata()
                    .withUid("another")
                    .endMetadata()
                    .build();
            applier.onDeleted(another);
            assertThat(written(applier.apply(desired, Optional.empty()))).isFalse();
            applier.onDeleted(applied(first));
            assertThat(written(applier.apply(desired, Optional.empty()))).isTrue();
        }
    }

    @Test
    void repairsSlowDownIfSomebodyUndoesEachApply(RealApiServer.Running server) {
        try (var client = server.client()) {
            var desired = desired(client);
            var now = new AtomicLong();
            var applier = new Applier(client, now::get);
            applier.apply(desired, Optional.empty());
            for (int repair = 0; repair < Applier.IMMEDIATE_REPAIRS; repair++) {
                assertThat(written(applier.apply(desired, Optional.of(changed(client, desired)))))
                        .isTrue();
            }
            var wait = Applier.FIRST_REPAIR_DELAY;
            for (int round = 0; round < 10; round++) {
                var theirs = changed(client, desired);
                assertThat(applier.apply(desired, Optional.of(theirs)))
                        .isEqualTo(new Applier.Outcome.Contested<>(theirs, wait));
                now.addAndGet(wait.toNanos());
                assertThat(written(applier.apply(desired, Optional.of(theirs)))).isTrue();
                wait = wait.multipliedBy(2).compareTo(Applier.MAX_REPAIR_DELAY) < 0
                        ? wait.multipliedBy(2)
                        : Applier.MAX_REPAIR_DELAY;
            }
            now.addAndGet(Applier.MAX_REPAIR_DELAY.multipliedBy(3).toNanos());
            for (int repair = 0; repair < Applier.IMMEDIATE_REPAIRS; repair++) {
                assertThat(written(applier.apply(desired, Optional.of(changed(client, desired)))))
                        .as("after a long quiet time")
                        .isTrue();
            }
        }
    }

    @Test
    void orphanIsNotAdoptedByAWolfTunnelThatIsDeleted(RealApiServer.Running server) {
        try (var client = server.client()) {
            var namespace = RealApiServer.newNamespace(client, "applier-");
            client.load(new ByteArrayInputStream(
                            WolfTunnelYaml.of(namespace, "gpu-nodes", "{}").getBytes(StandardCharsets.UTF_8)))
                    .create();
            var resources =
                    client.resources(WolfTunnel.class).inNamespace(namespace).withName("gpu-nodes");
            resources.edit(resource -> {
                resource.getMetadata().setFinalizers(List.of("wolf.example.com/held"));
                return resource;
            });
            var applier = new Applier(client);
            var desired = desired(resources.require());
            applier.apply(desired, Optional.empty());

            var orphan = orphaned(client, desired);
            assertThat(applied(applier.apply(desired, Optional.of(orphan)))
                            .getMetadata()
                            .getOwnerReferences())
                    .as("its WolfTunnel exists")
                    .hasSize(1);

            orphan = orphaned(client, desired);
            resources.delete();
            assertThat(applier.apply(desired, Optional.of(orphan)))
                    .isEqualTo(new Applier.Outcome.NotOurs<>(orphan, Ownership.LEFTOVER));
            resources.edit(resource -> {
                resource.getMetadata().setFinalizers(List.of());
                return resource;
            });
            assertThat(resources.get()).isNull();
            assertThat(applier.apply(desired, Optional.of(orphan)))
                    .isEqualTo(new Applier.Outcome.NotOurs<>(orphan, Ownership.LEFTOVER));
            assertThat(client.resource(desired).get().getMetadata().getOwnerReferences())
                    .isEmpty();
        }
    }

    private static DaemonSet orphaned(KubernetesClient client, DaemonSet desired) {
        return client.resource(desired).edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editMetadata()
                .withOwnerReferences()
                .endMetadata()
                .build());
    }

    private static DaemonSet changed(KubernetesClient client, DaemonSet desired) {
        return client.resource(desired).edit(daemonSet -> new DaemonSetBuilder(daemonSet)
                .editSpec()
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .withImage("another:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build());
    }

    private static DaemonSet desired(KubernetesClient client) {
        var resource = WolfTunnelYaml.resource("{}");
        resource.getMetadata().setNamespace(RealApiServer.newNamespace(client, "applier-"));
        return desired(resource);
    }

    private static DaemonSet desired(WolfTunnel resource) {
        return AgentDaemonSet.of(resource, new TemplateInputs("agent:1", Optional.empty(), Optional.empty()));
    }

    private static int desiredNumber(Applier.Outcome<DaemonSet> outcome) {
        return applied(outcome).getStatus().getDesiredNumberScheduled();
    }

    private static DaemonSet applied(Applier.Outcome<DaemonSet> outcome) {
        return ((Applier.Outcome.Applied<DaemonSet>) outcome).object();
    }

    private static boolean written(Applier.Outcome<DaemonSet> outcome) {
        return ((Applier.Outcome.Applied<DaemonSet>) outcome).written();
    }
}
