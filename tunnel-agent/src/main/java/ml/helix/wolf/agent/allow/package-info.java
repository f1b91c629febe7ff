/** The allow-list: which requests may reach Wolf. Pure: bytes in, bytes or a refusal out. */
@NullMarked
package ml.helix.wolf.agent.allow;

import org.jspecify.annotations.NullMarked;
