/** Joins the cluster's events with desired, observed and status, and writes what differs. */
@NullMarked
package ml.helix.wolf.operator.reconcile;

import org.jspecify.annotations.NullMarked;
