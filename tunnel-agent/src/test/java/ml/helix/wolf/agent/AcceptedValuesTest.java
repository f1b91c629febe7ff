package ml.helix.wolf.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import ml.helix.wolf.agent.allow.AllowList;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.local.WolfAddress;
import ml.helix.wolf.agent.token.TokenSource;
import ml.helix.wolf.agent.transport.ControlPlaneUrl;
import ml.helix.wolf.agent.transport.ControlPlaneUrls;
import ml.helix.wolf.agent.transport.Proxy;
import ml.helix.wolf.agent.transport.Trust;
import ml.helix.wolf.program.Labels;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.testkit.ValueTable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The agent accepts what the CRD and the operator accept: the same table tests all three. */
class AcceptedValuesTest {
    @TempDir
    static Path folder;

    static Stream<ValueTable.Row> urls() {
        return ValueTable.of("url").stream();
    }

    @ParameterizedTest
    @MethodSource("urls")
    void controlPlaneUrl(ValueTable.Row row) {
        check(row, row.text(), text -> {
            List<ControlPlaneUrl> urls = ControlPlaneUrls.parse(text, problem -> {
                throw new IllegalArgumentException(problem);
            });
            if (row.good()) {
                assertThat(urls).hasSize(1);
            }
        });
    }

    static Stream<ValueTable.Row> proxies() {
        return ValueTable.of("proxyUrl").stream();
    }

    @ParameterizedTest
    @MethodSource("proxies")
    void proxyUrl(ValueTable.Row row) {
        check(row, row.text(), Proxy::parse);
    }

    static Stream<ValueTable.Row> addresses() {
        return ValueTable.of("address").stream();
    }

    @ParameterizedTest
    @MethodSource("addresses")
    void wolfsAddressOnNodesOfBothFamilies(ValueTable.Row row) {
        for (String ip : new String[] {"10.0.0.1", "fd00::1"}) {
            check(row, row.text().replace("$(NODE_IP)", ip).replace("$(POD_IP)", ip), WolfAddress::parse);
        }
    }

    static Stream<ValueTable.Row> rules() {
        return ValueTable.of("allow").stream();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void ruleOfTheAllowList(ValueTable.Row row) {
        check(row, row.text(), AllowList::parse);
        check(row, "GET /first; " + row.text(), AllowList::parse);
    }

    static Stream<ValueTable.Row> prefixes() {
        return ValueTable.of("prefix", true);
    }

    @ParameterizedTest
    @MethodSource("prefixes")
    void wolfIdWithAPrefix(ValueTable.Row row) {
        Map<String, String> environment = Map.of(
                "HELIX_API_URL", "https://h", "WOLF_ID", row.text() + "gpu-1", "RUNNER_TOKEN", "0123456789abcdef");
        assertThatCode(() ->
                        AgentSettings.of(Settings.read(AgentSettings.PROGRAM, new String[0], environment), environment))
                .doesNotThrowAnyException();
    }

    static Stream<ValueTable.Row> labelKeys() {
        return ValueTable.of("labelKey").stream();
    }

    @ParameterizedTest
    @MethodSource("labelKeys")
    void labelKey(ValueTable.Row row) {
        check(row, row.text() + "=x", Labels::parse);
    }

    static Stream<ValueTable.Row> labelValues() {
        return ValueTable.of("labelValue").stream();
    }

    @ParameterizedTest
    @MethodSource("labelValues")
    void labelValue(ValueTable.Row row) {
        check(row, "a=" + row.text(), Labels::parse);
    }

    static Stream<ValueTable.Row> zones() {
        return ValueTable.of("zone").stream();
    }

    @ParameterizedTest
    @MethodSource("zones")
    void zone(ValueTable.Row row) {
        check(row, row.text(), Labels::checkZone);
    }

    static Stream<ValueTable.Row> tokens() {
        return ValueTable.of("token").stream();
    }

    @ParameterizedTest
    @MethodSource("tokens")
    void tokenByFileAndByValue(ValueTable.Row row) throws IOException {
        TokenSource file = new TokenSource.InFile(Files.write(folder.resolve("token"), row.value()));
        if (row.good()) {
            assertThatCode(file::read).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(file::read).isInstanceOf(TunnelException.class).hasMessageContaining(row.why());
        }
        if (!row.why().contains("UTF-16")) {
            check(row, row.text(), Secret::of);
        }
    }

    static Stream<ValueTable.Row> bundles() {
        return ValueTable.of("caBundle").stream();
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void caFile(ValueTable.Row row) throws IOException {
        Path file = Files.write(folder.resolve("ca.pem"), row.value());
        check(row, "", text -> Trust.of(Optional.of(file), false));
        if (!row.good()) {
            assertThatThrownBy(() -> Trust.of(Optional.of(file), false)).hasMessageContaining(row.why());
        }
    }

    private static void check(ValueTable.Row row, String text, Consumer<String> parser) {
        if (row.agent()) {
            assertThatCode(() -> parser.accept(text)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> parser.accept(text)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
