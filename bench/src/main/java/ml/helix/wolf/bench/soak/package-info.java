/** {@code bench/soak}: streams that open, stall and die, and programs that restart, for a long time: nothing may leak or be lost. */
@NullMarked
package ml.helix.wolf.bench.soak;

import org.jspecify.annotations.NullMarked;
