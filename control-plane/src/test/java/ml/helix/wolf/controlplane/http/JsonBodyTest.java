package ml.helix.wolf.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonBodyTest {

    record Instance(
            String id,
            int maxSessions,
            @Nullable String zone,
            @Nullable Map<String, String> labels) {
        Instance {
            if (maxSessions < 0) {
                throw new IllegalArgumentException("maxSessions: must not be negative");
            }
        }
    }

    @Test
    void anObjectOfTheRecordsFieldsIsRead() throws ApiException {
        assertThat(read("{'zone':null,'maxSessions':8,'id':'wölf','labels':{'a':'b'}} "))
                .isEqualTo(new Instance("wölf", 8, null, Map.of("a", "b")));
        assertThat(read("{'id':'','maxSessions':0}")).isEqualTo(new Instance("", 0, null, null));
    }

    @Test
    void everyBadFieldIsNamedAtOnce() {
        assertThat(problem("{'maxSessions':'8','zone':1,'labels':{'a':{}},'state':1,'Id':'x'}"))
                .isEqualTo("id: is missing; maxSessions: must be a whole number that fits into 32 bits; "
                        + "zone: must be a string; labels.a: must be a string; "
                        + "state: no such field; Id: no such field");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'id':'x','maxSessions':-1}|maxSessions: must not be negative",
                "{'id':'x','maxSessions':1.5}|maxSessions: must be a whole number that fits into 32 bits",
                "{'id':'x','maxSessions':1e2}|maxSessions: must be a whole number that fits into 32 bits",
                "{'id':'x','maxSessions':4294967296}|maxSessions: must be a whole number that fits into 32 bits",
                "{'id':'x','maxSessions':null}|maxSessions: is missing",
                "{'id':true,'maxSessions':1}|id: must be a string",
                "[]|the body must be one JSON object",
                "''|the body must be one JSON object",
                "null|the body must be one JSON object",
            })
    void aBodyThatDoesNotFitIsABadRequest(String body, String problem) {
        assertThat(problem(body)).isEqualTo(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{|",
                "{'id':'x','maxSessions':1}}|",
                "{'id':'x','maxSessions':1}{}|",
                "{'id':'x','id':'y','maxSessions':1}|Duplicate field",
                "{'id':'x','labels':{'a':'1','a':'2'},'maxSessions':1}|Duplicate field",
                "{id:'x'}|",
                "{'id':'x',}|",
                "{'id':'x','maxSessions':NaN}|",
                "{'id':'x','maxSessions':111111111111111111111111111111111}|Number value length",
            })
    void whatIsNoJsonIsABadRequest(String body, @Nullable String why) {
        assertThat(problem(body)).startsWith("the body is no JSON: ").contains(why == null ? "" : why);
    }

    @Test
    void depthAndNamesAreBounded() {
        assertThat(problem("{'labels':" + "[".repeat(JsonBody.MAX_DEPTH) + "1" + "]".repeat(JsonBody.MAX_DEPTH) + "}"))
                .startsWith("the body is no JSON: ")
                .contains("nesting depth");
        assertThat(problem("{'" + "n".repeat(600) + "':1}"))
                .startsWith("the body is no JSON: ")
                .contains("Name length");
    }

    @Test
    void fieldsOfANewerProgramCanBeLeftOut() throws ApiException {
        byte[] body = "{\"id\":\"x\",\"maxSessions\":1,\"newer\":{\"a\":[1]}}".getBytes(StandardCharsets.UTF_8);

        assertThat(JsonBody.read(body, Instance.class, true).id()).isEqualTo("x");
    }

    @Test
    void nothingAtAllIsABadRequest() {
        assertThat(problem("")).isEqualTo("the body must be one JSON object");
    }

    private static String problem(String body) {
        var message = new StringBuilder();
        assertThatThrownBy(() -> read(body)).isInstanceOfSatisfying(ApiException.class, e -> {
            assertThat(e.error().status()).isEqualTo(400);
            message.append(e.error().message());
        });
        return message.toString();
    }

    /** @param body with ' for " */
    @Test
    void takesTheLongestKeyOfALabel() throws Exception {
        String key = "p".repeat(253) + "/" + "n".repeat(63);
        assertThat(read("{'id':'x','maxSessions':1,'labels':{'" + key + "':'v'}}")
                        .labels())
                .containsKey(key);
    }

    private static Instance read(String body) throws ApiException {
        return JsonBody.read(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8), Instance.class, false);
    }
}
