package ml.helix.wolf.agent.allow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AllowListTest {

    @ParameterizedTest
    @CsvSource({
        "GET /api/v1/apps, GET, /api/v1/apps, true",
        "GET /api/v1/apps, HEAD, /api/v1/apps, false",
        "GET /api/v1/apps, get, /api/v1/apps, false",
        "GET /api/v1/apps, GET, /API/v1/apps, false",
        "GET /api/v1/apps, GET, /api/v1/apps/add, false",
        "GET /api/v1/apps, GET, /api/v1, false",
        "GET /, GET, /, true",
        "GET /, GET, /api, false",
        "POST /sessions/*, POST, /sessions/7, true",
        "POST /sessions/*, POST, /sessions, false",
        "POST /sessions/*, POST, /sessions/7/stop, false",
        "POST /*/stop, POST, /7/stop, true",
        "POST /*/stop, POST, /7/start, false",
        "GET /api/**, GET, /api, true",
        "GET /api/**, GET, /api/v1/apps, true",
        "GET /api/**, GET, /apix, false",
        "GET /**, GET, /, true",
        "GET /**, POST, /, false",
        "GET /*/**, GET, /, false",
        "GET /*/**, GET, /x, true",
        "GET /a; POST /b, POST, /b, true",
        "GET /a; POST /b, POST, /a, false"
    })
    void rulesMatchMethodAndPath(String rules, String method, String path, boolean allowed) {
        List<String> segments =
                path.equals("/") ? List.of() : List.of(path.substring(1).split("/", -1));
        assertThat(AllowList.parse(rules).allows(method, segments)).isEqualTo(allowed);
    }

    @Test
    void rulesAreReadWithSpacesAndPrintedInOneForm() {
        assertThat(AllowList.parse(" GET  /api/v1/apps;POST /api/v1/sessions/* ; ;"))
                .hasToString("GET /api/v1/apps; POST /api/v1/sessions/*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ";",
                "/api",
                "GET",
                "GET api",
                "get /api",
                "GET /a /b",
                "GET /a, POST /b",
                "CONNECT /a",
                "* /a",
                "GET /a/",
                "GET //a",
                "GET /a/../b",
                "GET /./a",
                "GET /a*",
                "GET /**/a",
                "GET /***",
                "GET /a?x=1",
                "GET /a#b",
                "GET /%61",
                "GET http://wolf/a",
                "GET /ä",
                "GET *"
            })
    void whatIsNoRuleIsRefusedWithWhatToWrite(String rules) {
        assertThatThrownBy(() -> AllowList.parse(rules))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must");
    }
}
