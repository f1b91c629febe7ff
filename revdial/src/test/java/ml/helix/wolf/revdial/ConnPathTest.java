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
        "/revdial?x=../.., /api/v1/revdial?x=../..",
        "/revdial?x=%41%, /api/v1/revdial?x=%41%",
        "/revdial?y=/revdial?z, /api/v1/revdial?y=/revdial?z",
    })
    void bothPathsWithAQueryBecomeTheFullPath(String raw, String target) throws Exception {
        assertThat(ConnPath.parse(raw).target()).isEqualTo(target);
        assertThat(ConnPath.parse(raw).raw()).isEqualTo(raw);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "revdial",
                "revdial?x=1",
                "/revdial",
                "/revdial?",
                "/api/v1/revdial",
                "/",
                "/?revdial.dialer=aa",
                "/elsewhere?x=1",
                "/revdial.evil/x?revdial.dialer=aa",
                "/revdial/revdial?x=1",
                "/x/revdial?y=1",
                "/api/v1/api/v1/revdial?y=1",
                "/API/V1/revdial?y=1",
                "/api//v1/revdial?y=1",
                "/revdial;x=y?z=1",
                "//evil.example/revdial?x=1",
                "///revdial?x=1",
                "http://evil.example/revdial?x=1",
                "@evil.example/revdial?x=1",
                ":9/revdial?x=1",
                "?revdial.dialer=aa",
                "\\revdial?x=1",
                "/\\evil.example/revdial?x=1",
                "/rev dial?x=1",
                "/revdial?x= y",
                "/revdial?x\r\nHost: evil.example",
                "/revdial?x\n",
                "/revdial?\0",
                "/revdial?\u007f",
                "/revdi\u00e4l?x",
                "/revdial?\u2028",
                "/revdial?\ud800",
                "/revdial?x#y",
                "/revdial?x\\y",
                "/../revdial?x=1",
                "/..;/admin?x=1",
                "/..;/revdial?x=1",
                "/revdial/../admin?x=1",
                "/revdial/..;/admin?x=1",
                "/./revdial?x=1",
                "/%2e%2e/revdial?x=1",
                "/%252e%252e/revdial?x=1",
                "/revdial/%252e%252e/admin?x=1",
                "/%72evdial?x=1",
                "/revdial%3fx=1",
            })
    void anyOtherPathIsRefused(String raw) {
        assertThatThrownBy(() -> ConnPath.parse(raw))
                .isInstanceOf(PickupException.class)
                .hasMessageStartingWith("connPath refused: ");
    }

    @Test
    void itCannotBeMadeWithoutTheCheck() {
        assertThatThrownBy(() -> new ConnPath("//evil.example")).isInstanceOf(IllegalArgumentException.class);
    }
}
