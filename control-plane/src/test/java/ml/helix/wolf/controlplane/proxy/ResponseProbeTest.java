package ml.helix.wolf.controlplane.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.controlplane.proxy.ResponseProbe.Step;
import org.junit.jupiter.api.Test;

class ResponseProbeTest {
    private final ResponseProbe probe = new ResponseProbe();

    @Test
    void beforeTheResponseItSendsTheStartOfTheStatusLine() {
        assertThat(sendAll()).isEqualTo("HTTP/1.1 ");
        assertThat(probe.next()).isEqualTo(new Step.Nothing());
    }

    @Test
    void aByteThatWasNotSentIsChosenAgain() {
        assertThat(probe.next()).isEqualTo(probe.next());
    }

    @Test
    void betweenChunksItEndsTheChunkAndSendsZerosOfTheNextSize() {
        probe.startsResponse(/* chunked= */ true);
        probe.written(/* content= */ true);
        assertThat(sendAll()).isEqualTo("\r\n00000000");

        probe.written(/* content= */ true);
        assertThat(sendAll())
                .as("without zeros, of which a response has eight at most")
                .isEqualTo("\r\n");
    }

    @Test
    void afterTheHeadOfAChunkedResponseNoChunkHasToEnd() {
        probe.startsResponse(/* chunked= */ true);
        probe.written(/* content= */ false);

        assertThat(sendAll()).isEqualTo("00000000");
    }

    @Test
    void anyOtherBodyHasNoBytesToSend() {
        probe.startsResponse(/* chunked= */ false);
        probe.written(/* content= */ true);

        assertThat(probe.next()).isEqualTo(new Step.Never());
    }

    private String sendAll() {
        var sent = new StringBuilder();
        while (true) {
            Step step = probe.next();
            switch (step) {
                case Step.Ahead(byte next) -> sent.append((char) next);
                case Step.Between(byte extra) -> sent.append((char) extra);
                case Step.Nothing(), Step.Never() -> {
                    return sent.toString();
                }
            }
            probe.sent(step);
        }
    }
}
