/** What the agent reports about itself: status, metrics, and the probe of Wolf. */
@NullMarked
package ml.helix.wolf.agent.report;

import org.jspecify.annotations.NullMarked;
