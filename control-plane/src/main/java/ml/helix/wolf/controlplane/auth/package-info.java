/** Who may ask: the runners' tokens, the admin tokens, and the ids that each opens. */
@NullMarked
package ml.helix.wolf.controlplane.auth;

import org.jspecify.annotations.NullMarked;
