package ml.helix.wolf.controlplane.auth;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.certificates.CaBundle;

/**
 * Asks an issuer for its keys: {@code {issuer}/.well-known/openid-configuration} names their place (OpenID Connect Discovery
 * 1.0). The CA and the token are read each time. Thread safe.
 *
 * @param timeout of each of the two answers, from the connect to the last byte
 */
record IssuerKeys(TokenIssuer issuer, Duration timeout) implements SigningKeys.Source {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final String ADVICE =
            "; if this program is outside of the cluster, give it the keys in a file (-runner-jwks-file)";
    private static final int LONGEST = 1024 * 1024;

    IssuerKeys(TokenIssuer issuer) {
        this(issuer, TIMEOUT);
    }

    @Override
    public String read() throws IOException {
        try (HttpClient http = client()) {
            try {
                URI document = URI.create(
                        issuer.issuer().toString().replaceAll("/$", "") + "/.well-known/openid-configuration");
                return get(http, keysPlace(get(http, document)));
            } finally {
                http.shutdownNow(); // an answer that never ends would keep close waiting
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private URI keysPlace(String document) throws IOException {
        try {
            var fields = JSONObjectUtils.parse(document);
            if (!issuer.issuer().toString().equals(JSONObjectUtils.getString(fields, "issuer"))) {
                throw new IOException("the discovery document names another issuer");
            }
            return TokenIssuer.issuer(String.valueOf(JSONObjectUtils.getString(fields, "jwks_uri")));
        } catch (ParseException | IllegalArgumentException e) {
            throw new IOException("the discovery document has no jwks_uri that is an https URL", e);
        }
    }

    private String get(HttpClient http, URI uri) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(uri);
        if (issuer.bearerFile().isPresent()) {
            Secret bearer = Secret.of(Files.readAllBytes(issuer.bearerFile().get()));
            request.header("Authorization", "Bearer " + bearer.reveal());
        }
        var body = BodyHandlers.limiting(BodyHandlers.ofString(StandardCharsets.UTF_8), LONGEST);
        try {
            // The request's own timeout ends with the head of the answer.
            HttpResponse<String> response =
                    http.sendAsync(request.build(), body).get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() != 200) {
                throw new IOException(uri + " answers " + response.statusCode());
            }
            return response.body();
        } catch (TimeoutException e) {
            throw new IOException(uri + " gave no whole answer within " + timeout.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new IOException("no answer from " + uri + ": " + e.getCause() + ADVICE, e);
        }
    }

    private HttpClient client() throws IOException, GeneralSecurityException {
        HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(timeout);
        return (issuer.caFile().isPresent()
                        ? client.sslContext(trusting(issuer.caFile().get()))
                        : client)
                .build();
    }

    private static SSLContext trusting(Path caFile) throws IOException, GeneralSecurityException {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (X509Certificate ca : CaBundle.parse(Files.readAllBytes(caFile)).certificates()) {
            trusted.setCertificateEntry(String.valueOf(trusted.size()), ca);
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
