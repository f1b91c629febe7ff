package ml.helix.wolf.controlplane.proxy;

import java.util.Optional;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;

/** Where one request goes: to one runner after the other, until one gives a response. For one thread. */
public interface Destinations extends AutoCloseable {

    /**
     * A runner that a request goes to.
     *
     * @param dial belongs to the exchange
     */
    record Destination(String runnerId, Dial dial) {}

    /** Finds them for each request. Thread safe. */
    @FunctionalInterface
    interface Selection {
        /** @throws ApiException if the request is invalid */
        Destinations of(Request request, PathMatch path) throws ApiException;
    }

    /**
     * Starts the first dial.
     *
     * @throws ApiException if the request can go nowhere
     */
    Destination first() throws ApiException;

    /**
     * Starts another dial after a try without a response; empty if there is nowhere left to go.
     *
     * @param mayRepeat whether the request may be repeated; if not, the answer is empty, and the failure is noted
     */
    Optional<Destination> after(Destination failed, boolean mayRepeat);

    /** Whether Wolf gets this field of the request. */
    default boolean passesOn(HttpField field) {
        return true;
    }

    /** Adds to the head of a response, also of an error, what says where the request went. */
    default void mark(HttpFields.Mutable response, Destination last) {}

    /** The exchange is over. */
    @Override
    default void close() {}
}
