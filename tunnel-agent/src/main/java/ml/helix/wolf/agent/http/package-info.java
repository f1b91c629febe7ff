/** The little of HTTP/1.1 that an upgrade and a proxy's CONNECT need. */
@NullMarked
package ml.helix.wolf.agent.http;

import org.jspecify.annotations.NullMarked;
