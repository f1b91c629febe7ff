/** What the control plane counts. */
@NullMarked
package ml.helix.wolf.controlplane.metrics;

import org.jspecify.annotations.NullMarked;
