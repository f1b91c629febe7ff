package ml.helix.wolf.revdial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnPathTest {

    @ParameterizedTest
    @CsvSource({
        "/revdial?revdial.dialer=aa&revdial.req=bb, /api/v1/revdial?revdial.dialer=aa&revdial.req=bb",
        "/revdial?revdial.dialer=aa, /api/v1/revdial?revdial.dialer=aa",
        "/api/v1/revdial?revdial.dialer=aa, /api/v1/revdial?revdial.dialer=aa",
        "/revdial/revdial, /api/v1/revdial/revdial",
        "/x/revdial?y=/revdial, /x/api/v1/revdial?y=/revdial",
        "/elsewhere?x=1, /elsewhere?x=1",
        "/, /",
        "/a//b, /a//b",
        "/revdial?x=../.., /api/v1/revdial?x=../..",
        "/revdial?x=%41%, /api/v1/revdial?x=%41%",
        "/a...b/..c, /a...b/..c",
    })
    void theFirstRevdialOfAPlainPathBecomesTheFullPath(String raw, String target) throws Exception {
        assertThat(ConnPath.parse(raw).target()).isEqualTo(target);
        assertThat(ConnPath.parse(raw).raw()).isEqualTo(raw);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "revdial",
                "//evil.example/revdial",
                "///revdial",
                "http://evil.example/revdial",
                "https://evil.example/revdial",
                "@evil.example/revdial",
                ".evil.example/revdial",
                ":9/revdial",
                "?revdial.dialer=aa",
                "\\revdial",
                "/\\evil.example/revdial",
                "/rev dial",
                "/revdial?x= y",
                "/revdial\r\nHost: evil.example",
                "/revdial\n",
                "/revdial\0",
                "/revdial\u007f",
                "/revdi\u00e4l",
                "/revdial\u2028",
                "/\ud800",
                "/revdial#x",
                "/..",
                "/../revdial",
                "/revdial/..",
                "/revdial/../../admin",
                "/./revdial",
                "/revdial/.",
                "/%2e%2e/revdial",
                "/.%2E/revdial",
                "/a%2f..%2fb",
                "/a%5c..%5cb",
                "/revdial%",
                "/revdial%4",
                "/revdial%zz",
                "/%2%65",
            })
    void anythingThatIsNotAPlainPathIsRefused(String raw) {
        assertThatThrownBy(() -> ConnPath.parse(raw))
                .isInstanceOf(PickupFailure.class)
                .hasMessageStartingWith("connPath refused: ");
    }

    @Test
    void itCannotBeMadeWithoutTheCheck() {
        assertThatThrownBy(() -> new ConnPath("//evil.example")).isInstanceOf(IllegalArgumentException.class);
    }
}
