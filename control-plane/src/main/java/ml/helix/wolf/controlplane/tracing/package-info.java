/** Traces of requests to a Wolf, exported by OpenTelemetry's protocol. */
@NullMarked
package ml.helix.wolf.controlplane.tracing;

import org.jspecify.annotations.NullMarked;
