/** The way to Wolf: TCP or a UNIX socket, dialled anew for each stream. */
@NullMarked
package ml.helix.wolf.agent.local;

import org.jspecify.annotations.NullMarked;
