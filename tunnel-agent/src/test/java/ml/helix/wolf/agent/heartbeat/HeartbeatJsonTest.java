package ml.helix.wolf.agent.heartbeat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ml.helix.wolf.agent.report.Report;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeartbeatJsonTest {
    private static final Registration NOTHING =
            new Registration(Optional.empty(), Optional.empty(), Map.of(), Optional.empty());

    private final Report report = new Report(() -> Instant.EPOCH, new PrometheusRegistry(), List.of("http://helix"));

    @Test
    void whatIsKnownIsWritten() {
        report.wolfReached();
        var facts = new WolfFacts(3, "healthy", new WolfFacts.Gpu("NVIDIA RTX 4000", 26.5, 2092, 20475, 47.0, 3));
        var registration = new Registration(
                Optional.of(8), Optional.of("eu-1"), Map.of("gpu", "ada", "example.com/team", ""), Optional.empty());
        assertThat(written(registration, facts))
                .isEqualTo("{'wolfReachable':true,'activeSessions':3,'maxSessions':8,'zone':'eu-1',"
                        + "'labels':{'example.com/team':'','gpu':'ada'},'agentVersion':'1.2',"
                        + "'gpuVendor':'nvidia','gpuName':'NVIDIA RTX 4000','gpuUtilizationPercent':26.5,"
                        + "'gpuMemoryUsedMb':2092,'gpuMemoryTotalMb':20475,'gpuTemperatureCelsius':47.0,"
                        + "'encoderSessions':3,'wolfHealth':'healthy','cordoned':false}");
    }

    @Test
    void whatIsNotKnownIsLeftOut() {
        assertThat(written(NOTHING, WolfFacts.NONE)).isEqualTo("{'agentVersion':'1.2','cordoned':false}");
        assertThat(written(NOTHING, new WolfFacts(0, null, new WolfFacts.Gpu(null, null, 0, null, null, null))))
                .isEqualTo("{'activeSessions':0,'agentVersion':'1.2','gpuMemoryUsedMb':0,'cordoned':false}");
    }

    @Test
    void aWolfThatGivesTheProbeNoSaneAnswerIsUnhealthy() {
        report.wolfAnswered(Optional.of("it answers 500"));
        assertThat(written(NOTHING, WolfFacts.NONE))
                .isEqualTo("{'wolfReachable':true,'agentVersion':'1.2','wolfHealth':'unhealthy','cordoned':false}");
        assertThat(written(NOTHING, new WolfFacts(null, "healthy", null))).contains("'wolfHealth':'healthy'");
    }

    @ParameterizedTest
    @CsvSource({
        "NVIDIA GeForce RTX 4090, nvidia",
        "GeForce GTX 1080, nvidia",
        "AMD Radeon RX 7900 XTX, amd",
        "Radeon Pro W6800, amd",
        "Intel(R) Arc(TM) A770, intel",
        "Mali-G78,",
        "AMDAHL 470,",
    })
    void theNameTellsTheVendor(String name, @Nullable String vendor) {
        String text =
                written(NOTHING, new WolfFacts(null, null, new WolfFacts.Gpu(name, null, null, null, null, null)));
        if (vendor == null) {
            assertThat(text).doesNotContain("gpuVendor");
        } else {
            assertThat(text).contains("'gpuVendor':'" + vendor + "'");
        }
    }

    @Test
    void theLongestIsBelow16KiB() {
        var labels = IntStream.range(0, 32)
                .boxed()
                .collect(Collectors.toMap(
                        i -> ("a".repeat(62) + ".").repeat(4) + "b/" + "c".repeat(60) + (100 + i),
                        i -> "v".repeat(63)));
        String gpu = "\"".repeat(128);
        assertThat(HeartbeatJson.write(
                        new Registration(Optional.of(10_000), Optional.of("z".repeat(63)), labels, Optional.empty()),
                        report.status().wolf(),
                        new WolfFacts(1, gpu, new WolfFacts.Gpu(gpu, 1e-300, 1, 1, 1.0, 1)),
                        "1.2",
                        true))
                .hasSizeBetween(12_000, 16_384);
    }

    private String written(Registration registration, WolfFacts facts) {
        return new String(HeartbeatJson.write(registration, report.status().wolf(), facts, "1.2", false), UTF_8)
                .replace('"', '\'');
    }
}
