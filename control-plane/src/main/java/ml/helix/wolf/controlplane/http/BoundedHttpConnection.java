package ml.helix.wolf.controlplane.http;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;

/**
 * Jetty's HTTP/1.1 connection with a limit on the number of a request's fields. Jetty limits their bytes only, and a field
 * of four bytes takes 75 bytes of heap. It also tells the {@link GuardedEndPoint} when a head begins and when it is complete.
 */
final class BoundedHttpConnection extends UpgradeIgnoringConnection {
    /** How many fields a request may have, trailers included. */
    static final int MAX_FIELDS = 128;

    private volatile boolean asksForHead;

    private BoundedHttpConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint) {
        super(configuration, connector, endPoint);
    }

    /** Whether the last request line was a HEAD's; the request of one that can't be read has another method. */
    boolean asksForHead() {
        return asksForHead;
    }

    /** Whether a request has begun whose head is not complete. */
    boolean isWithinHead() {
        return !getParser().isStart() && getParser().inHeaderState();
    }

    @Override
    protected RequestHandler newRequestHandler() {
        return new Bounded();
    }

    private final class Bounded extends RequestHandler {
        private int fields;

        @Override
        public void startRequest(String method, String target, HttpVersion version) {
            asksForHead = HttpMethod.HEAD.is(method);
            super.startRequest(method, target, version);
        }

        @Override
        public void messageBegin() {
            fields = 0;
            asksForHead = false;
            GuardedEndPoint.under(getEndPoint()).headBegins();
            super.messageBegin();
        }

        @Override
        public void parsedHeader(HttpField field) {
            count();
            super.parsedHeader(field);
        }

        @Override
        public void parsedTrailer(HttpField field) {
            count();
            super.parsedTrailer(field);
        }

        @Override
        public boolean headerComplete() {
            GuardedEndPoint.under(getEndPoint()).headIsComplete();
            return super.headerComplete();
        }

        private void count() {
            if (++fields > MAX_FIELDS) {
                throw new HttpException.RuntimeException(
                        HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431,
                        "a request may have " + MAX_FIELDS + " header fields");
            }
        }
    }

    /** Makes them. */
    static final class Factory extends HttpConnectionFactory {
        Factory(HttpConfiguration configuration) {
            super(configuration);
        }

        @Override
        public org.eclipse.jetty.io.Connection newConnection(Connector connector, EndPoint endPoint) {
            return configure(
                    new BoundedHttpConnection(getHttpConfiguration(), connector, endPoint), connector, endPoint);
        }
    }
}
