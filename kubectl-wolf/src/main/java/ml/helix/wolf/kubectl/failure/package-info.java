/** Why a command cannot do its work. */
@NullMarked
package ml.helix.wolf.kubectl.failure;

import org.jspecify.annotations.NullMarked;
