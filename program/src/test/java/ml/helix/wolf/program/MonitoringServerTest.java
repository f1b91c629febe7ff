package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MonitoringServerTest {

    @ParameterizedTest
    @CsvSource({"16, 8", "64, 16", "128, 32", "1024, 128", "1048576, 128"})
    void itsConnectionsLeaveFileDescriptorsForTheProgram(long fileDescriptors, int expected) {
        assertThat(MonitoringServer.maxConnections(fileDescriptors)).isEqualTo(expected);
    }
}
