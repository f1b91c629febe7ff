package ml.helix.wolf.controlplane.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.controlplane.proxy.ResponseHead.Framing;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponseHeadTest {

    @ParameterizedTest
    @CsvSource({
        "200, true, false, true, LENGTH",
        "200, false, false, true, CHUNKED",
        "200, false, false, false, CONNECTION_END",
        "200, false, true, true, LENGTH",
        "204, false, false, true, LENGTH",
        "304, false, false, false, LENGTH",
    })
    void theFramingShowsTheCallerWhereTheBodyEnds(
            int status, boolean hasLength, boolean toHead, boolean http11, Framing framing) {
        HttpFields fields = hasLength ? HttpFields.build().put("Content-Length", 5) : HttpFields.build();

        assertThat(head(status, fields, toHead, http11).framing()).isEqualTo(framing);
    }

    @Test
    void hopByHopFieldsAreDropped() {
        HttpFields fields = HttpFields.build()
                .put("Connection", "X-Private")
                .put("X-Private", "1")
                .put("X-Public", "2")
                .put("Transfer-Encoding", "chunked");

        assertThat(head(200, fields, false, true).fields().toString())
                .contains("X-Public: 2", "Transfer-Encoding: chunked")
                .doesNotContain("Private");
        assertThat(head(200, fields, false, false).fields().contains("Transfer-Encoding"))
                .isFalse();
    }

    @Test
    void noContentHasNoLength() {
        HttpFields fields = HttpFields.build().put("Content-Length", 4);

        assertThat(head(204, fields, false, true).fields().contains("Content-Length"))
                .isFalse();
    }

    private static ResponseHead head(int status, HttpFields fields, boolean toHead, boolean http11) {
        return ResponseHead.of(new ResponseReader.Head(status, fields), toHead, http11);
    }
}
