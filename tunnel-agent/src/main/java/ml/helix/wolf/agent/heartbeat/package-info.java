/** Heartbeats: what the control plane's registry hears of this Wolf, and how that is read from Wolf. */
@NullMarked
package ml.helix.wolf.agent.heartbeat;

import org.jspecify.annotations.NullMarked;
