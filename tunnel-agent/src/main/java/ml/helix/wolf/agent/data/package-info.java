/** Data connections: a pickup, a dial to Wolf, and the two spliced. */
@NullMarked
package ml.helix.wolf.agent.data;

import org.jspecify.annotations.NullMarked;
