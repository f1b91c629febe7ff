/** The runner token and where it comes from. */
@NullMarked
package ml.helix.wolf.agent.token;

import org.jspecify.annotations.NullMarked;
