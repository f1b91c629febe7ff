/**
 * An API server in this process: Fabric8's mock server in CRUD mode, taught server-side apply, defaults and validation of
 * custom resources, discovery, printed tables, graceful deletion of pods and the garbage collector's cascade.
 */
@NullMarked
package ml.helix.wolf.playground.api;

import org.jspecify.annotations.NullMarked;
