/** What a person or a program reads: colours, progress, JSON, YAML. */
@NullMarked
package ml.helix.wolf.kubectl.output;

import org.jspecify.annotations.NullMarked;
