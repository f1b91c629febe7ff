/** From observations to a WolfTunnel's status: a function, without I/O and without a clock of its own. */
@NullMarked
package ml.helix.wolf.operator.status;

import org.jspecify.annotations.NullMarked;
