/** CA bundles as users give them, and which certificates are too weak to be trusted. */
@NullMarked
package ml.helix.wolf.program.certificates;

import org.jspecify.annotations.NullMarked;
