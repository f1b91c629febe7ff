package ml.helix.wolf.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.agent.data.StreamMetrics.Result;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
    private static final TunnelException LOST = new TunnelException(FailureReason.CONNECTION_LOST, "gone");
    private static final TunnelException UNKNOWN = new TunnelException(FailureReason.DNS_FAILURE, "no such name");

    private Instant now = START;
    private final Report report = new Report(() -> now, new PrometheusRegistry(), List.of("https://h"));
    private final ControlPlaneReport tunnel = report.controlPlanes().getFirst();

    @Test
    void isConnectingFromTheStart() {
        assertThat(report.status().worst().state()).isEqualTo(State.CONNECTING);
        assertThat(report.status().worst().since()).isEqualTo(START);
        assertThat(report.status().worst().lastError()).isEmpty();
        assertThat(report.status().wolf().reachable()).isEmpty();
        assertThat(report.notReady()).contains("Connecting");
    }

    @Test
    void isReadyWhileConnected() {
        after(3);
        tunnel.connected();

        assertThat(report.status().worst().state()).isEqualTo(State.CONNECTED);
        assertThat(report.status().worst().since()).isEqualTo(START.plusSeconds(3));
        assertThat(report.status().connects()).isEqualTo(1);
        assertThat(report.notReady()).isEmpty();
    }

    @Test
    void staysDisconnectedSinceTheFirstFailureThroughAllAttempts() {
        after(1);
        tunnel.connected();
        after(10);
        tunnel.lost(LOST);
        after(5);
        tunnel.connectFailed(UNKNOWN);

        assertThat(report.status().worst().state()).isEqualTo(State.DISCONNECTED);
        assertThat(report.status().worst().since()).isEqualTo(START.plusSeconds(11));
        assertThat(report.status().worst().lastError())
                .contains(new Status.LastError("DnsFailure", "no such name", START.plusSeconds(16)));
        assertThat(report.notReady()).contains("Disconnected: DnsFailure: no such name");
    }

    @Test
    void remembersTheLastErrorWhenConnectedAgain() {
        tunnel.connectFailed(UNKNOWN);
        tunnel.connected();

        assertThat(report.status().worst().state()).isEqualTo(State.CONNECTED);
        assertThat(report.status().worst().lastError()).isPresent();
    }

    @Test
    void drainingIsTheLastState() {
        tunnel.connected();
        report.draining();
        tunnel.lost(LOST);
        tunnel.connected();

        assertThat(report.status().worst().state()).isEqualTo(State.DRAINING);
        assertThat(report.notReady()).contains("Draining");
    }

    @Test
    void countsStreamsAndBytes() {
        report.pickedUp(Duration.ofMillis(3));
        report.began();
        report.pickedUp(Duration.ofMillis(4));
        report.began();
        report.toWolf(10);
        report.fromWolf(20);
        report.ended(Result.SUCCESS);
        report.pickupFailed();

        Status status = report.status();
        assertThat(status.streamsActive()).isEqualTo(1);
        assertThat(status.streamsTotal()).isEqualTo(2);
        assertThat(status.bytesToWolf()).isEqualTo(10);
        assertThat(status.bytesFromWolf()).isEqualTo(20);
    }

    @Test
    void returnsWhetherADialsOutcomeIsAChange() {
        assertThat(report.wolfReached()).isTrue();
        assertThat(report.wolfReached()).isFalse();
        assertThat(report.wolfUnreachable("refused")).isTrue();
        assertThat(report.wolfUnreachable("no such file")).isFalse();
        assertThat(report.status().wolf())
                .isEqualTo(new WolfView(Optional.of(false), Optional.empty(), Optional.of("no such file")));
    }

    @Test
    void wolfsLastAnswerCountsWhileItAcceptsConnections() {
        report.wolfReached();
        assertThat(report.wolfAnswered(Optional.of("it answers 500"))).isTrue();
        assertThat(report.wolfAnswered(Optional.of("it answers 503"))).isFalse();
        report.wolfReached();
        assertThat(report.status().wolf())
                .isEqualTo(new WolfView(Optional.of(true), Optional.of(false), Optional.of("it answers 503")));
        report.wolfUnreachable("refused");
        report.wolfReached();
        assertThat(report.status().wolf())
                .isEqualTo(new WolfView(Optional.of(true), Optional.empty(), Optional.empty()));
    }

    @Test
    void theStatusIsJsonWithFixedNames() {
        tunnel.connectFailed(UNKNOWN);
        var identity = new Identity(Optional.of("gpu-1"), "wolf-gpu-1", "localhost:8080", "1.2.3");

        assertThat(StatusJson.write(identity, List.of("-insecure is set"), report.status()))
                .isEqualTo("{\"state\":\"Disconnected\",\"since\":\"2026-01-02T03:04:05Z\",\"wolfId\":\"gpu-1\","
                        + "\"runnerId\":\"wolf-gpu-1\",\"controlPlane\":\"https://h\",\"local\":\"localhost:8080\","
                        + "\"wolfReachable\":null,\"wolfHealthy\":null,\"wolfError\":null,\"connects\":0,\"streamsActive\":0,\"streamsTotal\":0,"
                        + "\"bytesToWolf\":0,\"bytesFromWolf\":0,\"lastError\":{\"reason\":\"DnsFailure\","
                        + "\"message\":\"no such name\",\"at\":\"2026-01-02T03:04:05Z\"},"
                        + "\"warnings\":[\"-insecure is set\"],\"version\":\"1.2.3\"}");
    }

    @Test
    void whatIsUnknownIsNull() {
        report.wolfReached();
        var identity = new Identity(Optional.empty(), "sandbox-1", "unix:///s", "1");

        assertThat(StatusJson.write(identity, List.of(), report.status()))
                .contains("\"wolfId\":null", "\"lastError\":null", "\"wolfReachable\":true");
    }

    @Test
    void reportsOnlyATokenFilesToken() {
        var identity = new Identity(Optional.empty(), "sandbox-1", "unix:///s", "1");
        tunnel.tokenInUse(Optional.empty());
        tunnel.newerTokenRefused(true);
        assertThat(StatusJson.write(identity, List.of(), report.status())).doesNotContain("token");

        tunnel.tokenInUse(Optional.of(START));
        assertThat(StatusJson.write(identity, List.of(), report.status()))
                .contains("\"token\":{\"changedAt\":\"2026-01-02T03:04:05Z\",\"refused\":false}");
        tunnel.newerTokenRefused(true);
        assertThat(StatusJson.write(identity, List.of(), report.status()))
                .contains("\"token\":{\"changedAt\":\"2026-01-02T03:04:05Z\",\"refused\":true}");
    }

    @Test
    void ofSeveralControlPlanesTheWorstOneIsTheAgents() {
        var both = new Report(() -> now, new PrometheusRegistry(), List.of("https://a", "https://b"));
        ControlPlaneReport first = both.controlPlanes().getFirst();
        ControlPlaneReport second = both.controlPlanes().getLast();
        assertThat(both.notReady()).contains("https://a Connecting; https://b Connecting");

        after(1);
        first.connected();
        assertThat(both.status().worst().url()).isEqualTo("https://b");
        assertThat(both.notReady()).as("one tunnel is enough").isEmpty();

        after(1);
        second.connectFailed(UNKNOWN);
        assertThat(both.status().worst().state()).isEqualTo(State.DISCONNECTED);
        assertThat(both.status().worst().lastError()).isPresent();

        after(1);
        first.lost(LOST);
        assertThat(both.status().worst().url()).as("down longest").isEqualTo("https://b");
        assertThat(both.notReady())
                .contains("https://a Disconnected: ConnectionLost: gone;"
                        + " https://b Disconnected: DnsFailure: no such name");

        second.connected();
        after(1);
        first.connected();
        assertThat(both.status().worst().since())
                .as("since all are up")
                .isEqualTo(now)
                .isEqualTo(START.plusSeconds(4));
        assertThat(both.status().connects()).isEqualTo(3);

        both.draining();
        assertThat(both.status().controlPlanes())
                .extracting(Status.ControlPlane::state)
                .containsOnly(State.DRAINING);
        assertThat(both.notReady()).isPresent();
    }

    @Test
    void eachOfSeveralControlPlanesHasARowInTheStatus() {
        var both = new Report(() -> now, new PrometheusRegistry(), List.of("https://a", "https://b"));
        both.controlPlanes().getFirst().tokenInUse(Optional.of(START));
        both.controlPlanes().getFirst().connected();
        both.controlPlanes().getLast().connectFailed(UNKNOWN);
        var identity = new Identity(Optional.empty(), "sandbox-1", "unix:///s", "1");

        assertThat(StatusJson.write(identity, List.of(), both.status()))
                .startsWith("{\"state\":\"Disconnected\",")
                .contains("\"controlPlane\":\"https://b\"", "\"connects\":1,")
                .contains("\"controlPlanes\":[{\"url\":\"https://a\",\"state\":\"Connected\","
                        + "\"since\":\"2026-01-02T03:04:05Z\",\"connects\":1,\"lastError\":null,"
                        + "\"token\":{\"changedAt\":\"2026-01-02T03:04:05Z\",\"refused\":false}},"
                        + "{\"url\":\"https://b\",\"state\":\"Disconnected\","
                        + "\"since\":\"2026-01-02T03:04:05Z\",\"connects\":0,\"lastError\":{"
                        + "\"reason\":\"DnsFailure\",\"message\":\"no such name\","
                        + "\"at\":\"2026-01-02T03:04:05Z\"}}]");
    }

    @Test
    void theAgentsTokenIsTheOldestInUseAndRefusedIfOneControlPlaneRefusesTheNewerOne() {
        var both = new Report(() -> now, new PrometheusRegistry(), List.of("https://a", "https://b"));
        both.controlPlanes().getFirst().tokenInUse(Optional.of(START.plusSeconds(9)));
        both.controlPlanes().getLast().tokenInUse(Optional.of(START));
        assertThat(both.status().token()).contains(new Status.Token(START, false));
        both.controlPlanes().getFirst().newerTokenRefused(true);
        assertThat(both.status().token()).contains(new Status.Token(START, true));
    }

    @Test
    void aChangeOfWolfIsNewsForEachControlPlaneAndAConnectForItsOwn() {
        var both = new Report(() -> now, new PrometheusRegistry(), List.of("https://a", "https://b"));
        List<String> told = new ArrayList<>();
        both.controlPlanes().forEach(one -> one.onChange(() -> told.add(one.url())));
        both.wolfReached();
        assertThat(told).containsExactly("https://a", "https://b");
        both.controlPlanes().getLast().connected();
        assertThat(told).containsExactly("https://a", "https://b", "https://b");
    }

    private void after(long seconds) {
        now = now.plusSeconds(seconds);
    }
}
