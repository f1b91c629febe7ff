package ml.helix.wolf.controlplane.http;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** Makes {@link TlsConnection}s, each with the certificate as it is now. Existing connections keep theirs. Thread safe. */
final class TlsConnectionFactory extends SslConnectionFactory {
    private static final String[] HTTP_1_1 = {"http/1.1"};

    private final ReloadedCertificate certificate;

    TlsConnectionFactory(ReloadedCertificate certificate) {
        super(http11Only(certificate), HttpVersion.HTTP_1_1.asString());
        this.certificate = certificate;
        // It would refuse a Host that is not in the certificate, such as one that a proxy in front passes on.
        setEnsureSecureRequestCustomizer(false);
    }

    private static SslContextFactory.Server http11Only(ReloadedCertificate certificate) {
        var factory = new SslContextFactory.Server() {
            /** A client without ALPN gets HTTP/1.1 too. */
            @Override
            public SSLParameters customize(SSLParameters parameters) {
                parameters.setApplicationProtocols(HTTP_1_1);
                return super.customize(parameters);
            }
        };
        factory.setSslContext(certificate.current());
        return factory;
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        certificate.ifChanged(context -> {
            try {
                getSslContextFactory().reload(factory -> factory.setSslContext(context));
            } catch (Exception e) {
                throw new IllegalStateException("a context that is complete needs no loading", e);
            }
        });
        return super.newConnection(connector, endPoint);
    }

    @Override
    protected SslConnection newSslConnection(Connector connector, EndPoint endPoint, SSLEngine engine) {
        return new TlsConnection(
                connector.getByteBufferPool(), connector.getExecutor(), getSslContextFactory(), endPoint, engine);
    }
}
