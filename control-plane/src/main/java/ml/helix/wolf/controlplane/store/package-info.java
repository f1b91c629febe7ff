/** The database: what is needed to reach it, its tables, and whether it can be reached now. */
@NullMarked
package ml.helix.wolf.controlplane.store;

import org.jspecify.annotations.NullMarked;
