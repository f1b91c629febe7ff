package ml.helix.wolf.operator.desired;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EnvVar;
import java.util.stream.Stream;
import ml.helix.wolf.operator.WolfTunnelYaml;
import ml.helix.wolf.testkit.ValueTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The values of the table that tests the agent too reach the agent as they were written. */
class AgentEnvironmentTest {
    static Stream<ValueTable.Row> urls() {
        return ValueTable.of("url", true);
    }

    @ParameterizedTest
    @MethodSource("urls")
    void urlReachesTheAgentUnchanged(ValueTable.Row row) {
        assertThat(expanded("{controlPlane: {url: %s}}".formatted(row), "HELIX_API_URL"))
                .isEqualTo(row.text());
    }

    @Test
    void severalUrlsReachTheAgentAsAListAndOneNeverDoes() {
        assertThat(expanded("{controlPlane: {urls: ['https://a/$(X)', 'https://b']}}", "HELIX_API_URL"))
                .isEqualTo("https://a/$(X),https://b");
        assertThat(expanded("{controlPlane: {url: 'https://a/x,y,https://b'}}", "HELIX_API_URL"))
                .as("a policy has judged it as one")
                .isEqualTo("https://a/x,y%2Chttps://b");
        assertThat(expanded("{controlPlane: {urls: ['https://a, WSS://b', 'http://c']}}", "HELIX_API_URL"))
                .isEqualTo("https://a%2C WSS://b,http://c");
    }

    static Stream<ValueTable.Row> proxies() {
        return ValueTable.of("proxyUrl", true);
    }

    @ParameterizedTest
    @MethodSource("proxies")
    void proxyReachesTheAgentUnchanged(ValueTable.Row row) {
        assertThat(expanded("{controlPlane: {url: 'https://h', proxyUrl: %s}}".formatted(row), "HTTPS_PROXY"))
                .isEqualTo(row.text());
    }

    private static String expanded(String spec, String name) {
        return AgentEnvironment.of(WolfTunnelYaml.resource(spec).getSpec()).stream()
                .filter(variable -> variable.getName().equals(name))
                .map(EnvVar::getValue)
                .map(AgentEnvironmentTest::expandedByTheKubelet)
                .findFirst()
                .orElseThrow();
    }

    /** As k8s.io/kubernetes/third_party/forked/golang/expansion does it. */
    private static String expandedByTheKubelet(String value) {
        var text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            if (value.startsWith("$$", i)) {
                i++;
            } else if (value.startsWith("$(", i) && value.indexOf(')', i) > 0) {
                throw new AssertionError("refers to another variable: " + value);
            }
            text.append(value.charAt(i));
        }
        return text.toString();
    }
}
