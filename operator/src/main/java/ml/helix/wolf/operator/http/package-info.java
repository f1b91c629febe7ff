/** The JDK's HTTP client with watches that notice the end of their connection. */
@NullMarked
package ml.helix.wolf.operator.http;

import org.jspecify.annotations.NullMarked;
