package ml.helix.wolf.agent.heartbeat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WolfAnswersTest {

    @Test
    void sessionsAreCountedWhateverTheyHold() throws IOException {
        assertThat(WolfAnswers.sessions(body("{'success':true,'sessions':[]}"))).isZero();
        assertThat(WolfAnswers.sessions(
                        body("{'sessions':[{'sessions':[1,2]},{'app_id':'1','x':{'y':[[]]}},null],'other':[1,2,3]}")))
                .isEqualTo(3);
    }

    @Test
    void moreThan10000SessionsOrLobbiesAreNotBelieved() throws IOException {
        assertThatThrownBy(() -> WolfAnswers.sessions(body("{'sessions':[0" + ",0".repeat(10_000) + "]}")))
                .isInstanceOf(IOException.class);
        WolfFacts.Memory memory = WolfAnswers.memory(body("{'lobbies':[0" + ",0".repeat(10_000) + "]}"));
        assertThat(WolfFacts.of(10_000, null, memory).activeSessions()).isEqualTo(10_000);
    }

    @Test
    void healthIsWolfsOwnWord() throws IOException {
        assertThat(WolfAnswers.health(body("{'success':true,'threads':[{'overall_status':'x','stack_trace':'"
                        + "s".repeat(100_000) + "'}],'overall_status':'degraded','a':1}")))
                .isEqualTo("degraded");
    }

    @Test
    void memoryHasLobbiesTheirWatchersAndTheGpu() throws IOException {
        assertThat(WolfAnswers.memory(body("{'success':true,'process_rss_bytes':1,'apps':[{'client_count':9}],"
                        + "'lobbies':[{'lobby_id':'a','client_count':2},{'client_count':1},{}],'clients':[],"
                        + "'gpu_stats':{'available':true,'gpu_name':'NVIDIA RTX 4000','encoder_session_count':3,"
                        + "'gpu_utilization_percent':26.5,'memory_used_mb':2092,'memory_total_mb':20475,"
                        + "'temperature_celsius':47,'error':''},'gstreamer_pipelines':{}}")))
                .isEqualTo(
                        new WolfFacts.Memory(3, 3, new WolfFacts.Gpu("NVIDIA RTX 4000", 26.5, 2092, 20475, 47.0, 3)));
    }

    @Test
    void aGpuThatIsNotAvailableIsLeftOut() throws IOException {
        assertThat(WolfAnswers.memory(body("{'gpu_stats':{'available':false,'gpu_name':'x'}}")))
                .isEqualTo(new WolfFacts.Memory(0, 0, null));
    }

    @Test
    void aValueOfAnotherTypeOrOutOfBoundsIsLeftOut() throws IOException {
        assertThat(WolfAnswers.memory(body("{'lobbies':[1,[2],'x',{'client_count':-1},{'client_count':'2'}],"
                                + "'gpu_stats':{'available':true,'gpu_name':'" + "n".repeat(129)
                                + "','encoder_session_count':-1,'gpu_utilization_percent':101,'memory_used_mb':1e300,"
                                + "'memory_total_mb':{},'temperature_celsius':'hot'}}"))
                        .gpu())
                .isEqualTo(new WolfFacts.Gpu(null, null, null, null, null, null));
        assertThat(WolfAnswers.memory(body("{'gpu_stats':{'available':true,'gpu_name':'a\\u0007b'}}"))
                        .gpu())
                .isEqualTo(new WolfFacts.Gpu(null, null, null, null, null, null));
        assertThat(WolfAnswers.memory(body("{'lobbies':{},'gpu_stats':[]}")))
                .isEqualTo(new WolfFacts.Memory(0, 0, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "nonsense",
                "<html>",
                "{'success':false,'error':'x'}",
                "{'sessions':{},'overall_status':7}",
                "{'sessions':[{},",
                "{'overall_status':'ok",
                "{'sessions':[1e",
                "{'overall_status':''}",
                "{'overall_status':'sixty-four-characters-and-one-more-------------------------------------'}",
            })
    void whatIsNoAnswerIsRefused(String text) {
        assertThatThrownBy(() -> WolfAnswers.sessions(body(text))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> WolfAnswers.health(body(text))).isInstanceOf(IOException.class);
    }

    @Test
    void anAnswerThatIsNestedOrNamedWithoutEndIsRefused() {
        assertThatThrownBy(() -> WolfAnswers.sessions(body("{'a':" + "[".repeat(100_000))))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> WolfAnswers.sessions(body("{'" + "n".repeat(100_000) + "':1,'sessions':[]}")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aDesktopCountsOnceHoweverManyWatchIt() {
        assertThat(WolfFacts.of(5, null, null).activeSessions()).as("upstream").isEqualTo(5);
        assertThat(WolfFacts.of(5, null, new WolfFacts.Memory(3, 4, null)).activeSessions())
                .as("three lobbies with four watchers, and a session of its own")
                .isEqualTo(4);
        assertThat(WolfFacts.of(2, null, new WolfFacts.Memory(3, 4, null)).activeSessions())
                .isEqualTo(3);
        assertThat(WolfFacts.of(null, null, new WolfFacts.Memory(3, 4, null)).activeSessions())
                .isEqualTo(3);
        assertThat(WolfFacts.of(null, null, null)).isEqualTo(WolfFacts.NONE);
    }

    private static InputStream body(String text) {
        return new ByteArrayInputStream(text.replace('\'', '"').getBytes(UTF_8));
    }
}
