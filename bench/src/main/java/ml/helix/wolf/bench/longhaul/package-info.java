/** {@code bench/long-haul}: agent and control plane far from one another, over a link that delays and loses packets. */
@NullMarked
package ml.helix.wolf.bench.longhaul;

import org.jspecify.annotations.NullMarked;
