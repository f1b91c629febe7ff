/** The HTTP server and what every answer has in common: its routes and the form of its errors. */
@NullMarked
package ml.helix.wolf.controlplane.http;

import org.jspecify.annotations.NullMarked;
