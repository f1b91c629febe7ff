package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import ml.helix.wolf.testkit.TestCertificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An issuer that behaves like an API server: a CA of its own, and it wants to see a token. */
class IssuerKeysIT {
    private static final String DISCOVERY = "/.well-known/openid-configuration";
    private static final String BEARER = "token-for-the-issuer-of-the-tests";

    @TempDir
    Path folder;

    private final Map<String, String> documents = new ConcurrentHashMap<>();
    private HttpsServer server;
    private TestCertificates certificates;
    private String issuer;

    @BeforeEach
    void startIssuer() throws IOException {
        certificates = TestCertificates.in(folder);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(certificates.server("localhost")));
        server.createContext("/", this::answer);
        server.start();
        issuer = "https://localhost:" + server.getAddress().getPort();
        documents.put(DISCOVERY, "{\"issuer\":\"" + issuer + "\",\"jwks_uri\":\"" + issuer + "/openid/v1/jwks\"}");
        documents.put("/openid/v1/jwks", "{\"keys\":[]}");
    }

    @AfterEach
    void stopIssuer() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        boolean allowed =
                ("Bearer " + BEARER).equals(exchange.getRequestHeaders().getFirst("Authorization"));
        String document = documents.get(exchange.getRequestURI().getPath());
        byte[] body = (document == null ? "" : document).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(
                !allowed ? 401 : document == null ? 404 : 200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Test
    void theKeysAreWhereTheDiscoveryDocumentSays() throws IOException {
        assertThat(keys(Optional.of(certificates.caFile()), BEARER).read()).isEqualTo("{\"keys\":[]}");
    }

    @Test
    void anIssuerThatRefusesOrCantBeTrustedOrSaysNonsenseIsNamed() throws IOException {
        Optional<Path> ca = Optional.of(certificates.caFile());
        assertThatThrownBy(() -> keys(ca, "wrong-token-of-the-tests").read()).hasMessageEndingWith(" answers 401");
        assertThatThrownBy(() -> keys(Optional.empty(), BEARER).read()).hasMessageContaining("certification path");
        documents.put(DISCOVERY, "{\"issuer\":\"https://elsewhere\"}");
        assertThatThrownBy(() -> keys(ca, BEARER).read()).hasMessageContaining("names another issuer");
        for (String place : List.of("http://localhost/jwks", "nothing", "file:///etc/passwd")) {
            documents.put(DISCOVERY, "{\"issuer\":\"" + issuer + "\",\"jwks_uri\":\"" + place + "\"}");
            assertThatThrownBy(() -> keys(ca, BEARER).read()).hasMessageContaining("no jwks_uri that is an https URL");
        }
        documents.remove(DISCOVERY);
        assertThatThrownBy(() -> keys(ca, BEARER).read()).hasMessageEndingWith(" answers 404");
    }

    @Test
    void anAnswerThatNeverEndsIsGivenUp() throws IOException {
        server.createContext("/openid/v1/jwks", exchange -> exchange.sendResponseHeaders(200, 100));
        var keys =
                new IssuerKeys(keys(Optional.of(certificates.caFile()), BEARER).issuer(), Duration.ofMillis(500));
        assertThatThrownBy(keys::read).hasMessageContaining("gave no whole answer");
    }

    private IssuerKeys keys(Optional<Path> caFile, String bearer) throws IOException {
        Path bearerFile = Files.writeString(folder.resolve("bearer"), bearer + "\n");
        return new IssuerKeys(new TokenIssuer(
                URI.create(issuer),
                "wolf-control-plane",
                Optional.empty(),
                caFile,
                Optional.of(bearerFile),
                List.of("wolf-"),
                TokenIssuer.accounts("*/*")));
    }
}
