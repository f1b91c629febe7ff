package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecordsTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    private final Records records = new Records(Long.MAX_VALUE);

    @Test
    void whatCouldNotBeSavedStaysBelowWhatIsNewer() {
        records.change(heartbeat("old", 1));
        var taken = records.takeUnsaved();
        assertThat(records.hasUnsaved()).isFalse();
        records.change(heartbeat(null, 2));
        records.bringBack(taken);

        assertThat(records.takeUnsaved()).containsExactly(heartbeat("old", 2));
    }

    @Test
    void aRowOfTheStoreDoesNotHideAChangeThatItDoesNotHave() {
        records.change(heartbeat(null, 5));
        records.loaded(List.of(heartbeat("eu-1", 1)));

        assertThat(zone()).isEqualTo("eu-1");
        assertThat(sessions()).isEqualTo(5);
    }

    @Test
    void aReplacementKeepsWhatIsNoFact() {
        records.change(heartbeat("eu-1", 5));
        records.change(InstanceRecord.draining("wolf-1", true));
        records.takeUnsaved();
        records.saved(new AdminChange.Replace(InstanceRecord.registered("wolf-1", facts("eu-2", null))));

        InstanceRecord replaced = records.find("wolf-1").orElseThrow();
        assertThat(replaced.facts()).isEqualTo(facts("eu-2", null));
        assertThat(replaced.isDraining()).isTrue();
        assertThat(replaced.lastHeartbeat()).isEqualTo(NOW);
    }

    @Test
    void whatIsForgottenKeepsOnlyTheTimeOfItsConnection() {
        records.change(heartbeat("eu-1", 5));
        records.change(InstanceRecord.connected("wolf-1", NOW));
        records.takeUnsaved();
        records.saved(new AdminChange.Forget("wolf-1"));
        assertThat(records.find("wolf-1")).contains(InstanceRecord.connected("wolf-1", NOW));

        records.change(InstanceRecord.lost("wolf-1", NOW.plusSeconds(1)));
        records.takeUnsaved();
        records.saved(new AdminChange.Forget("wolf-1"));
        assertThat(records.find("wolf-1")).isEmpty();
    }

    @Test
    void whatTheStoreHasNoMoreIsForgotten() {
        records.loadedAll(List.of(heartbeat("eu-1", 1), InstanceRecord.of("wolf-2")));
        records.change(InstanceRecord.of("wolf-3"));
        records.loadedAll(List.of(InstanceRecord.of("wolf-2")));

        assertThat(records.all()).extracting(InstanceRecord::id).containsExactlyInAnyOrder("wolf-2", "wolf-3");
    }

    @Test
    void thereIsRoomForALimitedNumber() {
        for (int i = 0; i < Records.MAX_RECORDS; i++) {
            assertThat(records.change(InstanceRecord.of("wolf-" + i))).isTrue();
        }
        assertThat(records.change(InstanceRecord.of("one-more"))).isFalse();
        assertThat(records.change(heartbeat("eu-1", 1))).isTrue();
        assertThat(records.find("one-more")).isEmpty();
    }

    @Test
    void thereIsRoomForALimitedAmountOfText() {
        var small = new Records(10_000);
        assertThat(small.change(named("wolf-1", "g".repeat(2_000)))).isTrue();
        assertThat(small.change(named("wolf-2", "g".repeat(3_000)))).isFalse();
        assertThat(small.change(named("wolf-2", "g"))).isTrue();
        // A known one may not grow beyond it either, but shrink.
        assertThat(small.change(named("wolf-2", "g".repeat(3_000)))).isFalse();
        var longer = new AdminChange.Replace(named("wolf-2", "g".repeat(3_000)));
        assertThat(small.hasRoomFor(longer)).isFalse();
        assertThat(small.change(named("wolf-1", "g"))).isTrue();
        assertThat(small.hasRoomFor(longer)).isTrue();

        small.takeUnsaved();
        small.saved(longer);
        assertThat(small.change(named("wolf-3", "g".repeat(2_000)))).isFalse();
        small.takeUnsaved();
        small.saved(new AdminChange.Forget("wolf-2"));
        assertThat(small.change(named("wolf-3", "g".repeat(2_000)))).isTrue();
    }

    private static InstanceRecord named(String id, String gpuName) {
        return InstanceRecord.registered(
                id,
                new Facts(
                        null, null, null, null, null, gpuName, null, null, null, null, null, null, null, null, null,
                        null));
    }

    private static InstanceRecord heartbeat(@Nullable String zone, int sessions) {
        return InstanceRecord.heartbeat("wolf-1", facts(zone, sessions), NOW);
    }

    private static Facts facts(@Nullable String zone, @Nullable Integer sessions) {
        return new Facts(
                zone, null, null, sessions, null, null, null, null, null, null, null, null, null, null, null, null);
    }

    private @Nullable String zone() {
        return records.find("wolf-1").orElseThrow().facts().zone();
    }

    private @Nullable Integer sessions() {
        return records.find("wolf-1").orElseThrow().facts().activeSessions();
    }
}
