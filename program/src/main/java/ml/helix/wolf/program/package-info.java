/** What every program here has at its edge: flags and environment, logging, secrets, version, health and metrics. */
@NullMarked
package ml.helix.wolf.program;

import org.jspecify.annotations.NullMarked;
