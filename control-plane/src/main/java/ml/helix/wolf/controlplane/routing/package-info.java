/** Chooses an instance for each request of {@code /api/v1/wolf/{path}}. */
@NullMarked
package ml.helix.wolf.controlplane.routing;

import org.jspecify.annotations.NullMarked;
