/** Who may ask: the runners' token and the admin token. */
@NullMarked
package ml.helix.wolf.controlplane.auth;

import org.jspecify.annotations.NullMarked;
