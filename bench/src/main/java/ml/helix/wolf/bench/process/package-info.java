/** What a program under measurement takes: memory, processor time, threads. */
@NullMarked
package ml.helix.wolf.bench.process;

import org.jspecify.annotations.NullMarked;
