/** One HTTP request through one Wolf's tunnel, and its response back. */
@NullMarked
package ml.helix.wolf.controlplane.proxy;

import org.jspecify.annotations.NullMarked;
