/** {@code bench/growth}: what more and more streams cost, as a table and as a plot. */
@NullMarked
package ml.helix.wolf.bench.growth;

import org.jspecify.annotations.NullMarked;
