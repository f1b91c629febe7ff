/** Sockets as streams: kept alive, and closed without losing bytes. The protocol's own package knows no socket. */
@NullMarked
package ml.helix.wolf.revdial.socket;

import org.jspecify.annotations.NullMarked;
