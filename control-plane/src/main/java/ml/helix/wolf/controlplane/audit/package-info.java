/** What was asked of the control plane, by whom and with which result: the audit line, and the metrics of requests. */
@NullMarked
package ml.helix.wolf.controlplane.audit;

import org.jspecify.annotations.NullMarked;
