/** TCP ports whose connections each become one dial. */
@NullMarked
package ml.helix.wolf.controlplane.forward;

import org.jspecify.annotations.NullMarked;
