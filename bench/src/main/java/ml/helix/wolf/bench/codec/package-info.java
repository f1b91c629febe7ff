/** {@code bench/jmh}: what one frame and one control line cost, without sockets. */
@NullMarked
package ml.helix.wolf.bench.codec;

import org.jspecify.annotations.NullMarked;
