/** Tells the operator that something has changed at this Wolf, so that it asks at once. */
@NullMarked
package ml.helix.wolf.agent.notice;

import org.jspecify.annotations.NullMarked;
