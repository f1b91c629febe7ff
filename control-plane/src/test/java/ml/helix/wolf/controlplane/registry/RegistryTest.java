package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.revdial.ControlEnd;
import ml.helix.wolf.revdial.RemoteAgent;
import ml.helix.wolf.revdial.RunnerEvent.Connected;
import ml.helix.wolf.revdial.RunnerEvent.Lost;
import org.junit.jupiter.api.Test;

class RegistryTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00.123Z");
    private static final RemoteAgent AGENT = new RemoteAgent("", "192.0.2.1", 1);

    private final List<Tunnel> tunnels = new ArrayList<>();
    private final Records records = new Records(Long.MAX_VALUE);
    private final Registry registry = new Registry(
            records,
            new Tunnels() {
                @Override
                public List<Tunnel> all() {
                    return tunnels;
                }

                @Override
                public Optional<Tunnel> find(String id) {
                    return tunnels.stream()
                            .filter(tunnel -> tunnel.id().equals(id))
                            .findFirst();
                }
            },
            Duration.ofSeconds(30),
            () -> NOW);

    @Test
    void aConnectedAgentIsThereWithoutARecord() {
        tunnels.add(new Tunnel("wolf-1", true, false, false, true, 3, "a"));

        assertThat(registry.all())
                .containsExactly(new Instance(
                        "wolf-1", InstanceStatus.ONLINE, true, null, false, 3, true, "a", null, Facts.NONE));
        assertThat(registry.find("wolf-1")).contains(registry.all().getFirst());
        assertThat(registry.find("wolf-2")).isEmpty();
    }

    @Test
    void theMetricsCountDisplacedInstances() {
        var metrics = new PrometheusRegistry();
        RegistryMetrics.register(metrics, registry, () -> true, () -> 1, () -> 0);
        tunnels.add(new Tunnel("wolf-1", true, false, false, true, 0, "a"));
        tunnels.add(new Tunnel("wolf-2", true, false, false, false, 0, "a"));

        assertThat(metrics.scrape("wolf_control_plane_displaced_instances"::equals).stream()
                        .map(GaugeSnapshot.class::cast)
                        .map(gauge -> gauge.getDataPoints().getFirst().getValue()))
                .containsExactly(1.0);
    }

    @Test
    void sinceSaysWhenTheConnectionCameUpOrEnded() {
        records.accept(new Connected("wolf-1", AGENT, NOW.minusSeconds(9)));
        tunnels.add(new Tunnel("wolf-1", true, false, false, false, 0, null));
        assertThat(registry.find("wolf-1").orElseThrow().since()).isEqualTo(NOW.minusSeconds(9));

        tunnels.clear();
        records.accept(new Lost("wolf-1", AGENT, NOW.minusSeconds(2), new ControlEnd(ControlEnd.Cause.CLOSED, "gone")));

        Instance lost = registry.find("wolf-1").orElseThrow();
        assertThat(lost.since()).isEqualTo(NOW.minusSeconds(2));
        assertThat(lost.status()).isEqualTo(InstanceStatus.OFFLINE);
    }

    @Test
    void whatWasWrittenIsShownAlsoIfItIsDeletedAtOnce() {
        InstanceRecord record = InstanceRecord.registered("wolf-1", Facts.NONE);
        assertThat(registry.written(record).id()).isEqualTo("wolf-1");

        records.saved(new AdminChange.Merge(InstanceRecord.draining("wolf-1", true)));
        assertThat(registry.written(record).draining()).isTrue();
    }

    @Test
    void allAreInTheOrderOfTheirIds() {
        records.change(InstanceRecord.of("wolf-3"));
        tunnels.add(new Tunnel("wolf-2", true, false, false, false, 0, null));
        records.change(InstanceRecord.of("wolf-1"));

        assertThat(registry.all()).extracting(Instance::id).containsExactly("wolf-1", "wolf-2", "wolf-3");
    }

    @Test
    void anAgentThatStopsAndAnInstanceThatIsToldToDrainAreDraining() {
        tunnels.add(new Tunnel("wolf-1", true, false, true, false, 0, null));
        tunnels.add(new Tunnel("wolf-2", true, false, false, false, 0, null));
        tunnels.add(new Tunnel("wolf-3", true, false, false, false, 0, null));
        records.change(InstanceRecord.draining("wolf-2", true));

        assertThat(registry.all()).extracting(Instance::draining).containsExactly(true, true, false);
        records.change(InstanceRecord.draining("wolf-2", false));
        assertThat(registry.all()).extracting(Instance::draining).containsExactly(true, false, false);
    }

    @Test
    void whatOnlyItsAgentHasToldOfIsForgottenAfterADay() {
        Instant dayAgo = NOW.minus(Duration.ofHours(24)).minusMillis(1);
        records.change(InstanceRecord.heartbeat("wolf-gone", Facts.NONE, dayAgo));
        records.change(InstanceRecord.heartbeat("wolf-recent", Facts.NONE, dayAgo.plusMillis(2)));
        records.change(InstanceRecord.heartbeat("wolf-there", Facts.NONE, dayAgo));
        tunnels.add(new Tunnel("wolf-there", true, false, false, false, 0, null));
        records.change(InstanceRecord.heartbeat("wolf-registered", Facts.NONE, dayAgo));
        records.change(InstanceRecord.registered("wolf-registered", Facts.NONE));
        records.change(InstanceRecord.heartbeat("wolf-drained", Facts.NONE, dayAgo));
        records.change(InstanceRecord.draining("wolf-drained", true));

        assertThat(registry.forgettable()).containsExactly("wolf-gone");
    }
}
