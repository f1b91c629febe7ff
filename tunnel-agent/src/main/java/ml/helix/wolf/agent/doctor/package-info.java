/** The command {@code doctor}: checks the way from the control plane to Wolf hop by hop, and names the one that fails. */
@NullMarked
package ml.helix.wolf.agent.doctor;

import org.jspecify.annotations.NullMarked;
