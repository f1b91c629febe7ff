/** One class for each command. */
@NullMarked
package ml.helix.wolf.kubectl.command;

import org.jspecify.annotations.NullMarked;
