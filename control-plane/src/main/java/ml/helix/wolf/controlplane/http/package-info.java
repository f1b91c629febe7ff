/** The HTTP server, its router, and the form of JSON bodies and errors. */
@NullMarked
package ml.helix.wolf.controlplane.http;

import org.jspecify.annotations.NullMarked;
