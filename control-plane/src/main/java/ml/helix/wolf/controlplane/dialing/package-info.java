/**
 * Streams to runners: who wants one asks a {@link ml.helix.wolf.controlplane.dialing.Dialing}, whoever holds the runner's
 * control connection.
 */
@NullMarked
package ml.helix.wolf.controlplane.dialing;

import org.jspecify.annotations.NullMarked;
