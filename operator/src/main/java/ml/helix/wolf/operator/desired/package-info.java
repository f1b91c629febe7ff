/** What should run for a WolfTunnel: pure functions of the resource and a few inputs. */
@NullMarked
package ml.helix.wolf.operator.desired;

import org.jspecify.annotations.NullMarked;
