/** Sockets as streams: how they are kept alive and how they are closed without losing bytes. The protocol beside it knows no socket. */
@NullMarked
package ml.helix.wolf.revdial.socket;

import org.jspecify.annotations.NullMarked;
