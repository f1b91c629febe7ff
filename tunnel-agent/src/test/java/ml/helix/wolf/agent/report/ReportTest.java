package ml.helix.wolf.agent.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.Instant;
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
    private final Report report = new Report(() -> now, new PrometheusRegistry());

    @Test
    void isConnectingFromTheStart() {
        assertThat(report.status().state()).isEqualTo(State.CONNECTING);
        assertThat(report.status().since()).isEqualTo(START);
        assertThat(report.status().lastError()).isEmpty();
        assertThat(report.status().wolf().reachable()).isEmpty();
        assertThat(report.notReady()).contains("Connecting");
    }

    @Test
    void isReadyWhileConnected() {
        after(3);
        report.connected();

        assertThat(report.status().state()).isEqualTo(State.CONNECTED);
        assertThat(report.status().since()).isEqualTo(START.plusSeconds(3));
        assertThat(report.status().connects()).isEqualTo(1);
        assertThat(report.notReady()).isEmpty();
    }

    @Test
    void staysDisconnectedSinceTheFirstFailureThroughAllAttempts() {
        after(1);
        report.connected();
        after(10);
        report.lost(LOST);
        after(5);
        report.connectFailed(UNKNOWN);

        assertThat(report.status().state()).isEqualTo(State.DISCONNECTED);
        assertThat(report.status().since()).isEqualTo(START.plusSeconds(11));
        assertThat(report.status().lastError())
                .contains(new Status.LastError("DnsFailure", "no such name", START.plusSeconds(16)));
        assertThat(report.notReady()).contains("Disconnected: DnsFailure: no such name");
    }

    @Test
    void remembersTheLastErrorWhenConnectedAgain() {
        report.connectFailed(UNKNOWN);
        report.connected();

        assertThat(report.status().state()).isEqualTo(State.CONNECTED);
        assertThat(report.status().lastError()).isPresent();
    }

    @Test
    void drainingIsTheLastState() {
        report.connected();
        report.draining();
        report.lost(LOST);
        report.connected();

        assertThat(report.status().state()).isEqualTo(State.DRAINING);
        assertThat(report.notReady()).contains("Draining");
    }

    @Test
    void countsStreamsAndBytes() {
        report.opened(Duration.ofMillis(3));
        report.opened(Duration.ofMillis(4));
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
        report.connectFailed(UNKNOWN);
        var identity = new Identity(Optional.of("gpu-1"), "wolf-gpu-1", "https://h", "localhost:8080", "1.2.3");

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
        var identity = new Identity(Optional.empty(), "sandbox-1", "https://h", "unix:///s", "1");

        assertThat(StatusJson.write(identity, List.of(), report.status()))
                .contains("\"wolfId\":null", "\"lastError\":null", "\"wolfReachable\":true");
    }

    @Test
    void reportsOnlyATokenFilesToken() {
        var identity = new Identity(Optional.empty(), "sandbox-1", "https://h", "unix:///s", "1");
        report.tokenInUse(Optional.empty());
        report.newerTokenRefused(true);
        assertThat(StatusJson.write(identity, List.of(), report.status())).doesNotContain("token");

        report.tokenInUse(Optional.of(START));
        assertThat(StatusJson.write(identity, List.of(), report.status()))
                .contains("\"token\":{\"changedAt\":\"2026-01-02T03:04:05Z\",\"refused\":false}");
        report.newerTokenRefused(true);
        assertThat(StatusJson.write(identity, List.of(), report.status()))
                .contains("\"token\":{\"changedAt\":\"2026-01-02T03:04:05Z\",\"refused\":true}");
    }

    private void after(long seconds) {
        now = now.plusSeconds(seconds);
    }
}
