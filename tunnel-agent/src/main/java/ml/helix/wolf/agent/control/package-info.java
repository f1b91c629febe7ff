/**
 * The control connection over Java-WebSocket. No other package knows that library; each type here that extends one of its
 * classes says which of its habits it changes.
 */
@NullMarked
package ml.helix.wolf.agent.control;

import org.jspecify.annotations.NullMarked;
