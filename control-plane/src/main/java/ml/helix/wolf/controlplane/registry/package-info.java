/** What is known of each instance: what its agent says, what an admin says, whether its tunnel is up, its status. */
@NullMarked
package ml.helix.wolf.controlplane.registry;

import org.jspecify.annotations.NullMarked;
