package ml.helix.wolf.controlplane.forward;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardListenerTest {

    @ParameterizedTest
    @CsvSource({"10, 16", "200, 25", "1024, 128", "1048576, 1024"})
    void aForwardLeavesFileDescriptorsToTheRestOfTheProcess(long fileDescriptors, int maxConnections) {
        assertThat(ForwardListener.maxConnections(fileDescriptors)).isEqualTo(maxConnections);
    }
}
