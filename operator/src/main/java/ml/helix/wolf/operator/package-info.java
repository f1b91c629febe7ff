/** The operator as a program: settings, wiring, start and stop. */
@NullMarked
package ml.helix.wolf.operator;

import org.jspecify.annotations.NullMarked;
