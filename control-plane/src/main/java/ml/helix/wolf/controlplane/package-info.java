/** The control plane as a program: its settings, its parts put together, its start and its end. */
@NullMarked
package ml.helix.wolf.controlplane;

import org.jspecify.annotations.NullMarked;
