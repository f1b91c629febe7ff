package ml.helix.wolf.kubectl.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceAddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"cp.wolf.svc", "cp.wolf.svc.cluster.local", "cp.wolf.svc.cluster.local."})
    void aServiceIsKnownByItsName(String host) {
        assertThat(ServiceAddress.of(host)).contains(new ServiceAddress("wolf", "cp"));
    }

    @Test
    void otherHostsAreNone() {
        assertThat(ServiceAddress.of("helix.example.com")).isEmpty();
        assertThat(ServiceAddress.of("cp.svc")).isEmpty();
        assertThat(ServiceAddress.of("10.96.0.7")).isEmpty();
    }
}
