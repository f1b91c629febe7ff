/** Proxies HTTP requests to Wolfs, one dial each. */
@NullMarked
package ml.helix.wolf.controlplane.proxy;

import org.jspecify.annotations.NullMarked;
