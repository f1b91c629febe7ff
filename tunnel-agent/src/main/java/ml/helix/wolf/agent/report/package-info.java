/** What the agent says of itself: status, metrics, the probe of Wolf. */
@NullMarked
package ml.helix.wolf.agent.report;

import org.jspecify.annotations.NullMarked;
