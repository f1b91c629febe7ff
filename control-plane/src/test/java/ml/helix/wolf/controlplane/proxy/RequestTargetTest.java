package ml.helix.wolf.controlplane.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PathMatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTargetTest {

    @ParameterizedTest
    @CsvSource({
        "/wolf-gpu-1/proxy/api/v1/apps, /api/v1/apps",
        "/wolf-gpu-1/proxy/, /",
        "/wolf-gpu-1/proxy, /",
        "/wolf-gpu-1/proxy?a=b, /?a=b",
        "/wolf-gpu-1/proxy/a/?q=%2F..&x=http://y/../z, /a/?q=%2F..&x=http://y/../z",
        "/wolf-gpu-1/proxy/a%2Fb%20c/%C3%A9;p=1//d, /a%2Fb%20c/%C3%A9;p=1//d",
        "/wolf-gpu-1/proxy/a..b/...x/.hidden, /a..b/...x/.hidden",
        "/wolf-gpu-1/proxy/proxy/x, /proxy/x",
        "/wolf-%C3%BC%2F1/proxy/x, /x",
    })
    void thePathIsUnchanged(String path, String target) throws ApiException {
        assertThat(target(path)).isEqualTo(new RequestTarget(target));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../x",
                "/a/..",
                "/%2e%2e/x",
                "/.%2E/x",
                "/a/./b",
                "/a%2F..%2F..%2Fb",
                "/..;x=y/a",
                "/a\\..\\b",
                "/a%5C..%5Cb",
            })
    void aPathWithDotSegmentsIsRefused(String path) {
        assertThatThrownBy(() -> target("/wolf-1/proxy" + path))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.error().status()).isEqualTo(400));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/wolf-1/proxy/%zz", "/wolf-1/proxy/%2", "/wolf-1/proxy/%ff", "/wolf-1/proxy/é"})
    void aBrokenEscapeIsRefused(String path) {
        assertThatThrownBy(() -> target(path))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.error().status()).isEqualTo(400));
    }

    /** @param uri {@code /{id}/proxy{rest}} and perhaps a query */
    private static RequestTarget target(String uri) throws ApiException {
        int query = uri.indexOf('?');
        String path = query < 0 ? uri : uri.substring(0, query);
        int proxy = path.indexOf("/proxy");
        var match = new PathMatch(Map.of("id", path.substring(1, proxy)), path.substring(proxy + "/proxy".length()));
        return RequestTarget.of(match, query < 0 ? null : uri.substring(query + 1));
    }
}
