/** Proxies HTTP requests to Wolfs, one dial for each try. */
@NullMarked
package ml.helix.wolf.controlplane.proxy;

import org.jspecify.annotations.NullMarked;
