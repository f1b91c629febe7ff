package ml.helix.wolf.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;
import ml.helix.wolf.controlplane.OtlpReceiver.Span;
import ml.helix.wolf.controlplane.store.StoreSettings;
import ml.helix.wolf.testkit.FakeWolf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** docs/control-plane.md, "Traces". */
class TracesIT {
    private static final String TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
    private static final String CALLERS_SPAN = "b7ad6b7169203331";
    private static final String TRACEPARENT = "00-" + TRACE_ID + "-" + CALLERS_SPAN + "-01";

    private final FakeWolf wolf = FakeWolf.onLoopback().start();

    @AfterEach
    void stop() {
        wolf.close();
    }

    @Test
    void aRequestIsOnePartOfItsCallersTraceAndWolfsParentIsTheLastSpan() throws Exception {
        try (var receiver = new OtlpReceiver()) {
            String toWolf;
            try (var controlPlane = start("-otlp-endpoint", receiver.url());
                    var _ = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(wolf.port()))) {
                HttpResponse<String> response = controlPlane.send(controlPlane
                        .toWolf("wolf-1", "/testkit/request")
                        .header("traceparent", TRACEPARENT)
                        .header("tracestate", "vendor=1")
                        .build());
                assertThat(response.statusCode()).isEqualTo(200);
                toWolf = response.body();
            }
            assertThat(receiver.spans()).extracting(Span::trace).containsOnly(TRACE_ID);
            Span request = one(receiver, "GET /api/v1/wolf-instances/{id}/proxy/**");
            Span dial = one(receiver, "dial");
            Span pickup = one(receiver, "pickup");
            Span answer = one(receiver, "Wolf");
            assertThat(request.parent()).isEqualTo(CALLERS_SPAN);
            assertThat(dial.parent()).isEqualTo(request.id());
            assertThat(pickup.parent()).isEqualTo(dial.id());
            assertThat(answer.parent()).isEqualTo(request.id());
            assertThat(dial.attributes()).contains("wolf.instance=wolf-1");
            assertThat(answer.attributes()).contains("http.response.status_code", "http.request.method=GET");
            assertThat(toWolf)
                    .contains("00-" + TRACE_ID + "-" + answer.id() + "-01", "vendor=1")
                    .doesNotContain(CALLERS_SPAN);
        }
    }

    @Test
    void aDialThatFailsIsASpanWithTheFailuresName() throws Exception {
        try (var receiver = new OtlpReceiver()) {
            try (var controlPlane = start("-otlp-endpoint", receiver.url());
                    var _ = TestAgent.connect(controlPlane, "wolf-1", TestAgent.failing("no Wolf"))) {
                assertThat(controlPlane
                                .send(controlPlane.toWolf("wolf-1", "/").build())
                                .statusCode())
                        .isEqualTo(502);
            }
            assertThat(one(receiver, "dial").attributes()).contains("error.type=PickupFailed");
            assertThat(one(receiver, "GET /api/v1/wolf-instances/{id}/proxy/**").attributes())
                    .contains("error.type=PickupFailed");
            assertThat(receiver.spans()).extracting(Span::name).doesNotContain("Wolf");
        }
    }

    @Test
    void withoutAnEndpointWolfGetsTheCallersFieldsUnchanged() throws Exception {
        try (var controlPlane = start();
                var _ = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(wolf.port()))) {
            assertThat(controlPlane
                            .send(controlPlane
                                    .toWolf("wolf-1", "/testkit/request")
                                    .header("traceparent", TRACEPARENT)
                                    .header("tracestate", "vendor=1")
                                    .build())
                            .body())
                    .contains(TRACEPARENT, "vendor=1");
        }
    }

    @Test
    void aReceiverThatNeverAnswersHurtsNoRequest() throws Exception {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatRequestsPassWith(silent.getLocalPort());
        }
    }

    @Test
    void aReceiverThatIsDownHurtsNoRequest() throws Exception {
        int port;
        try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        assertThatRequestsPassWith(port);
    }

    /** More spans than may wait for the receiver: 2,048. */
    private void assertThatRequestsPassWith(int receiver) throws Exception {
        try (var controlPlane = start("-otlp-endpoint", "http://127.0.0.1:" + receiver);
                var _ = TestAgent.connect(controlPlane, "wolf-1", TestAgent.splicing(wolf.port()))) {
            var request = controlPlane.toWolf("wolf-1", "/api/v1/apps").build();
            for (int i = 0; i < 600; i++) {
                assertThat(controlPlane.send(request).statusCode()).isEqualTo(200);
            }
        }
    }

    private static TestControlPlane start(String... flags) throws Exception {
        return TestControlPlane.start(StoreSettings.inMemory(UUID.randomUUID().toString()), flags);
    }

    private static Span one(OtlpReceiver receiver, String name) throws IOException {
        List<Span> found = receiver.spans().stream()
                .filter(span -> span.name().equals(name))
                .toList();
        assertThat(found).as("spans called %s of %s", name, receiver.spans()).hasSize(1);
        return found.getFirst();
    }
}
