package ml.helix.wolf.operator.leadership;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a Lease says. Its times are left out: they are other machines' clocks, which nobody can rely on.
 *
 * @param holder "" where nobody holds it
 * @param lasts how long after its last change it may be taken over
 * @param version of the object; a change means that its holder lives
 * @param transitions how often the holder has changed
 * @param acquired when the present holder got it, RFC 3339; only carried along
 */
record LeaseRecord(
        String holder,
        Duration lasts,
        String version,
        int transitions,
        @Nullable String acquired) {}
