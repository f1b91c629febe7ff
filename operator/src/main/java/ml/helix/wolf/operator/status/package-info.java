/** From observations to a WolfTunnel's status: pure functions; the time is an argument. */
@NullMarked
package ml.helix.wolf.operator.status;

import org.jspecify.annotations.NullMarked;
