/** The cluster: its API server, reached as kubectl does. */
@NullMarked
package ml.helix.wolf.kubectl.cluster;

import org.jspecify.annotations.NullMarked;
