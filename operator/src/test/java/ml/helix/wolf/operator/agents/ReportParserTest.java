package ml.helix.wolf.operator.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import ml.helix.wolf.operator.observed.AgentReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportParserTest {
    private static final String CONTRACT = """
            {"state":"Disconnected","since":"2026-01-01T00:00:00.000Z","wolfId":"gpu-1","runnerId":"wolf-gpu-1",
             "controlPlane":"https://h","local":"localhost:8080","wolfReachable":true,"connects":3,"streamsActive":1,
             "streamsTotal":99,"bytesToWolf":5,"bytesFromWolf":6,
             "lastError":{"reason":"DnsFailure","message":"no such host","at":"2026-01-01T00:00:00Z"},"version":"1.0"}""";

    @Test
    void statusWithAllFieldsIsRead() {
        assertThat(ReportParser.parse(CONTRACT))
                .contains(new AgentReport(
                        "Disconnected",
                        "2026-01-01T00:00:00.000Z",
                        "gpu-1",
                        Optional.of(true),
                        Optional.empty(),
                        "",
                        Optional.of(3L),
                        Optional.of(new AgentReport.Failure("DnsFailure", "no such host")),
                        "1.0",
                        Optional.empty(),
                        List.of()));
    }

    @Test
    void eachControlPlaneHasARow() {
        var report = ReportParser.parse("""
                {"state":"Disconnected","controlPlanes":[{"url":"https://a","state":"Connected","connects":3,
                 "lastError":null,"token":{"changedAt":"2026-01-01T00:00:00Z","refused":true}},{"url":"https://b",
                 "state":"Disconnected","lastError":{"reason":"Displaced","message":"replaced"}},7]}""").orElseThrow();
        assertThat(report.tunnels())
                .containsExactly(
                        new AgentReport.ControlPlane("https://a", "Connected", Optional.empty(), true),
                        new AgentReport.ControlPlane(
                                "https://b",
                                "Disconnected",
                                Optional.of(new AgentReport.Failure("Displaced", "replaced")),
                                false),
                        new AgentReport.ControlPlane("", "", Optional.empty(), false));
        assertThat(report.displaced()).isTrue();
        assertThat(report.displacedAndDown()).isTrue();
    }

    @Test
    void tickingCountersMakeNoDifference() {
        assertThat(ReportParser.parse(CONTRACT.replace("99", "100").replace("\"at\":\"2026", "\"at\":\"2027")))
                .isEqualTo(ReportParser.parse(CONTRACT));
    }

    @Test
    void olderAgentWithFewerFieldsIsUnderstood() {
        assertThat(ReportParser.parse("{\"state\":\"Connected\"}"))
                .contains(new AgentReport(
                        "Connected",
                        "",
                        "",
                        Optional.empty(),
                        Optional.empty(),
                        "",
                        Optional.empty(),
                        Optional.empty(),
                        "",
                        Optional.empty(),
                        List.of()));
    }

    @Test
    void newerAgentWithMoreFieldsIsUnderstood() {
        assertThat(ReportParser.parse(CONTRACT.replaceFirst(
                        "\\{", "{\"moon\":[1],\"token\":{\"changedAt\":\"t\",\"refused\":true},")))
                .get()
                .extracting(AgentReport::token)
                .isEqualTo(Optional.of(new AgentReport.Token("t", true)));
    }

    @Test
    void healthOfWolfIsRead() {
        assertThat(ReportParser.parse(
                        CONTRACT.replaceFirst("\\{", "{\"wolfHealthy\":false,\"wolfError\":\"it answers 500\",")))
                .get()
                .satisfies(report -> {
                    assertThat(report.wolfHealthy()).contains(false);
                    assertThat(report.wolfError()).isEqualTo("it answers 500");
                });
    }

    @Test
    void nullFieldsAreAbsent() {
        assertThat(ReportParser.parse(
                        "{\"state\":\"Connecting\",\"wolfId\":null,\"wolfReachable\":null,\"lastError\":null}"))
                .get()
                .satisfies(report -> {
                    assertThat(report.wolfId()).isEmpty();
                    assertThat(report.wolfReachable()).isEmpty();
                    assertThat(report.lastError()).isEmpty();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "[]", "{}", "{\"state\":7}", "null", "{\"state\":\"Conn"})
    void otherTextIsNoStatus(String text) {
        assertThat(ReportParser.parse(text)).isEmpty();
    }

    @Test
    void reasonThatIsNotOneWordIsReplaced() {
        assertThat(ReportParser.parse("{\"state\":\"x\",\"lastError\":{\"reason\":\"a b\\n\",\"message\":\"m\"}}"))
                .get()
                .satisfies(report ->
                        assertThat(report.lastError().orElseThrow().reason()).isEqualTo("ProtocolError"));
    }
}
