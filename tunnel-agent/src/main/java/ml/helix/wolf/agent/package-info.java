/** The agent: connects out to a control plane, and splices each stream that it asks for with a connection to Wolf. */
@NullMarked
package ml.helix.wolf.agent;

import org.jspecify.annotations.NullMarked;
