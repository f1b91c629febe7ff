/** Figures of a run: metrics, the table of several programs, and two tables compared. Pure. */
@NullMarked
package ml.helix.wolf.bench.figures;

import org.jspecify.annotations.NullMarked;
