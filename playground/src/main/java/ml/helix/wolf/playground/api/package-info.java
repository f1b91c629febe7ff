/**
 * An API server in this process: Fabric8's mock server with server-side apply, defaults and validation of custom
 * resources, discovery, tables for kubectl, and graceful deletion of pods.
 */
@NullMarked
package ml.helix.wolf.playground.api;

import org.jspecify.annotations.NullMarked;
