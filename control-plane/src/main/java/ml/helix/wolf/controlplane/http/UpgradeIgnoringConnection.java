package ml.helix.wolf.controlplane.http;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.jspecify.annotations.Nullable;

/**
 * Jetty's HTTP/1 connection, which ignores an {@code Upgrade} that it can't or mustn't follow (RFC 9110 section 7.8): one
 * that {@code Connection} doesn't name, and the protocol {@code h2c}. Jetty refuses the former.
 */
class UpgradeIgnoringConnection extends HttpConnection {
    UpgradeIgnoringConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint) {
        super(configuration, connector, endPoint);
    }

    @Override
    protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
        return new Stream(method, uri, version);
    }

    private final class Stream extends HttpStreamOverHTTP1 {
        private final List<String> upgrades = new ArrayList<>();
        private boolean connectionNamesUpgrade;

        Stream(String method, String uri, HttpVersion version) {
            super(method, uri, version);
        }

        @Override
        public void parsedHeader(HttpField field) {
            if (field.getHeader() == HttpHeader.UPGRADE) {
                for (String protocol : field.getValues()) {
                    if (!protocol.equalsIgnoreCase("h2c")) {
                        upgrades.add(protocol);
                    }
                }
                return;
            }
            connectionNamesUpgrade |= field.getHeader() == HttpHeader.CONNECTION && field.contains("upgrade");
            super.parsedHeader(field);
        }

        @Override
        public @Nullable Runnable headerComplete() {
            if (connectionNamesUpgrade && !upgrades.isEmpty()) {
                super.parsedHeader(new HttpField(HttpHeader.UPGRADE, String.join(", ", upgrades)));
            }
            return super.headerComplete();
        }
    }
}
