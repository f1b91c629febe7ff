package ml.helix.wolf.operator.reconcile;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import ml.helix.wolf.crds.v1alpha1.WolfTunnel;
import ml.helix.wolf.crds.v1alpha1.WolfTunnelStatus;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.operator.apiserver.RealApiServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RealApiServer.class)
class StatusWriterIT {
    @Test
    void passThatHasBegunBeforeTheCacheHadTheStatusComparesWithThatStatus(RealApiServer.Running server) {
        try (var client = server.client()) {
            var statuses = new StatusWriter(client);
            var older = created(client);
            assertThat(summary(statuses, older)).isEqualTo("1/1 connected");
            statuses.write(older, status("0/1 connected"));
            assertThat(summary(statuses, older)).as("the cache lags").isEqualTo("0/1 connected");

            var newer = client.resource(older).get();
            statuses.cached(newer);
            assertThat(summary(statuses, newer)).isEqualTo("0/1 connected");
            assertThat(summary(statuses, older)).as("the pass lags").isEqualTo("0/1 connected");
        }
    }

    @Test
    void statusOfAnotherWriterCountsOnceTheCacheHasIt(RealApiServer.Running server) {
        try (var client = server.client()) {
            var statuses = new StatusWriter(client);
            var older = created(client);
            statuses.write(older, status("0/1 connected"));

            new StatusWriter(client).write(older, status("0/2 connected"));
            var newer = client.resource(older).get();
            statuses.cached(newer);
            assertThat(summary(statuses, newer)).isEqualTo("0/2 connected");
            assertThat(summary(statuses, older)).isEqualTo("0/2 connected");
        }
    }

    /** A WolfTunnel whose status an earlier process has written. */
    private static WolfTunnel created(KubernetesClient client) {
        var namespace = RealApiServer.newNamespace(client, "statuses-");
        client.resource(client.getKubernetesSerialization()
                        .unmarshal(WolfTunnelYaml.of(namespace, "gpu-nodes", "{}"), GenericKubernetesResource.class))
                .create();
        var resource = client.resources(WolfTunnel.class).inNamespace(namespace).withName("gpu-nodes");
        new StatusWriter(client).write(resource.require(), status("1/1 connected"));
        return resource.require();
    }

    private static WolfTunnelStatus status(String summary) {
        return new WolfTunnelStatus(1L, null, null, null, summary, null, null, List.of(), List.of(), 0);
    }

    private static String summary(StatusWriter statuses, WolfTunnel observed) {
        return requireNonNull(requireNonNull(statuses.last(observed)).summary());
    }
}
