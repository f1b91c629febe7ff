package ml.helix.wolf.operator.leadership;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a Lease says, without its times: they come from other machines' clocks, which may be wrong.
 *
 * @param holder "" if nobody holds it
 * @param duration how long after its last change it may be taken
 * @param version of the object; a change means that its holder is alive
 * @param transitions how often the holder has changed
 * @param acquired when the present holder got it, RFC 3339; only copied into the next write
 */
record LeaseRecord(
        String holder,
        Duration duration,
        String version,
        int transitions,
        @Nullable String acquired) {}
