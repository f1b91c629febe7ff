package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import ml.helix.wolf.conformance.peer.Connection;
import org.junit.jupiter.api.Test;

/** W3C Trace Context: without an OTLP endpoint the control plane takes no part in a trace, so it passes its headers on as they came. */
class TracingIT extends ControlPlaneSpec {

    @Test
    void theTraceOfARequestReachesWolfUnchanged() throws Exception {
        start();
        Connection control = connect(ID);
        RawCaller caller = rawCall(
                ID,
                "GET /x HTTP/1.1",
                "Connection: close",
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate: vendor=a1,other=b2");
        Connection data = pickUp(awaitConnReady(control));
        assertThat(new String(data.read(1), US_ASCII))
                .contains("\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n")
                .contains("\r\ntracestate: vendor=a1,other=b2\r\n");
        sendResponse(data, "hello");
        assertThat(caller.readToEnd().body()).isEqualTo("hello");
    }
}
