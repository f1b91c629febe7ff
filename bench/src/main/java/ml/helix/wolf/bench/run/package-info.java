/** {@code bench/run}: one table of raw TCP, this project's programs and others. What is measured is here, who is measured is in streams. */
@NullMarked
package ml.helix.wolf.bench.run;

import org.jspecify.annotations.NullMarked;
