/** The part of HTTP/1.1 that an upgrade, a proxy's CONNECT and Wolf's probe need. */
@NullMarked
package ml.helix.wolf.agent.http;

import org.jspecify.annotations.NullMarked;
