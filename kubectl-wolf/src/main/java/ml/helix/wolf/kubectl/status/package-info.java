/** What the status of WolfTunnels says, and how it is shown. Pure. */
@NullMarked
package ml.helix.wolf.kubectl.status;

import org.jspecify.annotations.NullMarked;
