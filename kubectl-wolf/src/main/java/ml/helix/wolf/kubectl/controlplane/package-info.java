/** The control plane: its API, and requests through it to one Wolf. */
@NullMarked
package ml.helix.wolf.kubectl.controlplane;

import org.jspecify.annotations.NullMarked;
