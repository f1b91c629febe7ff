/** The command that walks the way hop by hop and says where it ends. */
@NullMarked
package ml.helix.wolf.agent.doctor;

import org.jspecify.annotations.NullMarked;
