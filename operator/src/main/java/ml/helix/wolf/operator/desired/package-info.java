/** What should run for a WolfTunnel: functions of the resource and a few inputs, without I/O. */
@NullMarked
package ml.helix.wolf.operator.desired;

import org.jspecify.annotations.NullMarked;
