/** Connects to Wolf, by TCP or a UNIX socket, anew for each stream. No other package knows these sockets. */
@NullMarked
package ml.helix.wolf.agent.local;

import org.jspecify.annotations.NullMarked;
