/** Streams: dials Wolf and picks up a data connection for each conn-ready, and splices the two. */
@NullMarked
package ml.helix.wolf.agent.data;

import org.jspecify.annotations.NullMarked;
