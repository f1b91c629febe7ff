/** The tunnel agent: connects out to a control plane and joins its dials with the local Wolf API. */
@NullMarked
package ml.helix.wolf.agent;

import org.jspecify.annotations.NullMarked;
