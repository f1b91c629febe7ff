package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwnHostTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.7",
                "10.0.0.7:9797",
                "[fd00::5]:9797",
                "[::1]",
                "localhost:8080",
                "LOCALHOST",
                "gpu-1:9797",
                "operator.wolf-system.svc",
                "operator.wolf-system.svc.cluster.local:8080",
                "ip-10-0-0-7.eu-west-1.compute.internal:9797",
                "operator.wolf-system.svc.cluster.local.",
                ""
            })
    void whatNobodyCanRegisterIsAccepted(String host) {
        assertThat(OwnHost.accepts(host)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:9797",
                "evil.example.",
                "10.0.0.7.evil.example",
                "localhost.evil.example",
                "svc.evil.example",
                "notlocal.example",
                "[fd00::5].evil.example",
                "10.0.0.7@evil.example"
            })
    void aDomainOfSomebodyElseIsNot(String host) {
        assertThat(OwnHost.accepts(host)).isFalse();
    }
}
