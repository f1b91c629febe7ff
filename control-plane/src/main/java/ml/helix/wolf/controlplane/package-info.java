/**
 * The control plane as a program: its settings, its routes, and its parts with their start and stop.
 *
 * <p>Each subject of the API has a package of its own, below this one and above {@code auth}, {@code http} and {@code
 * dialing}; its routes are lines in {@code Routes}.
 */
@NullMarked
package ml.helix.wolf.controlplane;

import org.jspecify.annotations.NullMarked;
