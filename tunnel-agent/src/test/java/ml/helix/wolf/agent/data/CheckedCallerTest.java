package ml.helix.wolf.agent.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.revdial.ByteStream;
import org.junit.jupiter.api.Test;

class CheckedCallerTest {
    private static final Optional<AllowList> RULES =
            Optional.of(AllowList.parse("GET /api/v1/apps; POST /api/v1/sessions/*"));

    /** A data connection on which the caller has sent some bytes. */
    private static final class Data implements ByteStream {
        private final ByteArrayInputStream sent;
        private final ByteArrayOutputStream answered = new ByteArrayOutputStream();

        Data(String sent) {
            this.sent = new ByteArrayInputStream(sent.getBytes(UTF_8));
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            return sent.read(buffer, offset, length);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {
            answered.write(buffer, offset, length);
        }

        @Override
        public void close() {}
    }

    @Test
    void withoutAnAllowListItIsTheDataConnectionItself() {
        Data data = new Data("anything");
        assertThat(CheckedCaller.of(data, Optional.empty())).isSameAs(data);
        assertThat(CheckedCaller.refused(data)).isFalse();
    }

    @Test
    void anAllowedRequestIsReadWithoutWhatFollowsIt() throws IOException {
        String request = "POST /api/v1/sessions/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        Data data = new Data(request + "GET /other HTTP/1.1\r\n\r\n");
        ByteStream caller = CheckedCaller.of(data, RULES);
        assertThat(readAll(caller)).isEqualTo(request);
        assertThat(CheckedCaller.refused(caller)).isFalse();
        assertThat(data.answered.size()).isZero();
    }

    @Test
    void anotherRequestIsAnswered403AndNothingIsRead() throws IOException {
        Data data = new Data("POST /api/v1/pair/\"client HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
        ByteStream caller = CheckedCaller.of(data, RULES);
        assertThat(readAll(caller)).isEmpty();
        assertThat(CheckedCaller.refused(caller)).isTrue();
        String[] answer = data.answered.toString(UTF_8).split("\r\n\r\n", -1);
        assertThat(answer[0])
                .startsWith("HTTP/1.1 403 ")
                .contains(
                        "Content-Type: application/json", "Content-Length: " + answer[1].length(), "Connection: close");
        assertThat(answer[1])
                .isEqualTo(
                        "{\"error\":{\"code\":\"NotAllowed\",\"message\":\"POST /api/v1/pair/\\\"client matches no rule of"
                                + " the agent's allow-list\"}}");
    }

    private static String readAll(ByteStream stream) throws IOException {
        var all = new ByteArrayOutputStream();
        byte[] buffer = new byte[16];
        for (int count = stream.read(buffer, 0, 16); count >= 0; count = stream.read(buffer, 0, 16)) {
            all.write(buffer, 0, count);
        }
        return all.toString(UTF_8);
    }
}
