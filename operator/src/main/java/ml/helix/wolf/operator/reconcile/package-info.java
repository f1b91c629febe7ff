/** Reconciles each WolfTunnel: observe, check, apply, report. DESIGN.md explains the caches. */
@NullMarked
package ml.helix.wolf.operator.reconcile;

import org.jspecify.annotations.NullMarked;
