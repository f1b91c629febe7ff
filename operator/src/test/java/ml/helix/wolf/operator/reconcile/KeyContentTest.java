package ml.helix.wolf.operator.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Stream;
import ml.helix.wolf.testkit.ValueTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** With the table of values that the agent is tested with too: the agent can use whatever the operator accepts. */
class KeyContentTest {
    static Stream<ValueTable.Row> tokens() {
        return ValueTable.of("token").stream();
    }

    @ParameterizedTest
    @MethodSource("tokens")
    void tokenIsJudgedAsTheAgentJudgesIt(ValueTable.Row row) {
        judged(
                row,
                KeyContent.ofToken(secret(row.value()), "Secret wolf-token", "token"),
                "Secret wolf-token, key token ");
    }

    static Stream<ValueTable.Row> bundles() {
        return ValueTable.of("caBundle").stream();
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void bundleInBinaryDataIsJudgedAsTheAgentJudgesIt(ValueTable.Row row) {
        var map = map().withBinaryData(Map.of("ca.crt", base64(row.value()))).build();
        judged(row, KeyContent.ofBundle(map, "ConfigMap ca", "ca.crt"), "ConfigMap ca, key ca.crt ");
    }

    @Test
    void bundleIsTheSameInDataAndInBinaryData() {
        var row = ValueTable.of("caBundle", true).findFirst().orElseThrow();
        ConfigMap text = map().withData(Map.of("ca.crt", row.text())).build();
        ConfigMap binary =
                map().withBinaryData(Map.of("ca.crt", base64(row.value()))).build();
        assertThat(KeyContent.ofBundle(text, "ConfigMap ca", "ca.crt"))
                .isInstanceOf(KeyContent.Usable.class)
                .isEqualTo(KeyContent.ofBundle(binary, "ConfigMap ca", "ca.crt"));
    }

    @Test
    void absentKeyIsMissing() {
        assertThat(KeyContent.ofToken(secret(new byte[] {'t'}), "Secret wolf-token", "other"))
                .isEqualTo(new KeyContent.Missing("Secret wolf-token has no key other"));
        assertThat(KeyContent.ofBundle(map().build(), "ConfigMap ca", "ca.crt"))
                .isEqualTo(new KeyContent.Missing("ConfigMap ca has no key ca.crt"));
    }

    private static void judged(ValueTable.Row row, KeyContent content, String beginning) {
        switch (content) {
            case KeyContent.Usable usable -> assertThat(row.good()).isTrue();
            case KeyContent.Missing(var why) -> {
                assertThat(row.text()).isBlank();
                assertThat(why).isEqualTo(beginning + "is empty");
            }
            case KeyContent.Invalid(var why) -> {
                assertThat(row.good()).isFalse();
                assertThat(why).startsWith(beginning).contains(row.why());
            }
            case KeyContent.Unknown unknown -> throw new AssertionError("it is known");
        }
    }

    private static Secret secret(byte[] token) {
        return new SecretBuilder()
                .withNewMetadata()
                .withName("wolf-token")
                .withUid("6a2f41a3-c54c-4c1e-8b5a-0c5f5f0f5d11")
                .endMetadata()
                .withData(Map.of("token", base64(token)))
                .build();
    }

    private static ConfigMapBuilder map() {
        return new ConfigMapBuilder().withNewMetadata().withName("ca").endMetadata();
    }

    private static String base64(byte[] content) {
        return Base64.getEncoder().encodeToString(content);
    }
}
