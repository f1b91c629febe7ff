package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
    private final AdminAccess admins = new AdminAccess(TokenSource.Fixed.of("admin-token-of-the-tests"), () -> 0);
    private final RunnerAccess runners = new RunnerAccess(
            TokenSource.Fixed.of("runner-token-of-the-tests"), admins, new Refusals(new PrometheusRegistry()), () -> 0);

    AccessTest() throws IOException {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer runner-token-of-the-tests",
                "bearer runner-token-of-the-tests",
                "BEARER  runner-token-of-the-tests "
            })
    void anAgentWithTheTokenIsLetIn(String authorization) {
        assertThat(runners.find(fields("Authorization", authorization))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer",
                "Bearer ",
                "Bearer runner-token-of-the-test",
                "Bearer runner-token-of-the-tests2",
                "runner-token-of-the-tests",
                "Basic runner-token-of-the-tests",
                "Bearer admin-token-of-the-tests"
            })
    void anAgentWithoutTheTokenIsNot(String authorization) {
        assertThat(runners.find(fields("Authorization", authorization))).isEmpty();
        assertThat(runners.find(HttpFields.EMPTY)).isEmpty();
    }

    @Test
    void theAdminTokenMayComeInEitherHeader() {
        assertThat(admins.find(fields("Authorization", "Bearer admin-token-of-the-tests")))
                .isPresent();
        assertThat(admins.find(fields("X-Admin-Token", "admin-token-of-the-tests")))
                .isPresent();
        assertThat(admins.find(fields("X-Admin-Token", "wrong", "Authorization", "Bearer admin-token-of-the-tests")))
                .isPresent();
        assertThat(admins.find(fields(
                        "X-Admin-Token",
                        "runner-token-of-the-tests",
                        "Authorization",
                        "Bearer runner-token-of-the-tests")))
                .isEmpty();
        assertThat(admins.find(HttpFields.EMPTY)).isEmpty();
    }

    @Test
    void noAdminTokenGoesOnToWolf() {
        assertThat(passedOn("Authorization", "Bearer admin-token-of-the-tests")).isEmpty();
        assertThat(passedOn(
                        "X-Admin-Token",
                        "admin-token-of-the-tests",
                        "authorization",
                        "Bearer admin-token-of-the-tests"))
                .isEmpty();
        assertThat(passedOn("x-admin-token", "wrong", "Authorization", "Bearer admin-token-of-the-tests"))
                .isEmpty();
    }

    @Test
    void anAuthorizationBesideXAdminTokenIsWolfs() {
        assertThat(passedOn(
                        "X-Admin-Token",
                        "admin-token-of-the-tests",
                        "Authorization",
                        "Basic d29sZg==",
                        "Accept",
                        "*/*"))
                .containsExactly("Authorization: Basic d29sZg==", "Accept: */*");
    }

    private Iterable<String> passedOn(String... namesAndValues) {
        HttpFields fields = fields(namesAndValues);
        return fields.stream()
                .filter(field -> admins.passesOn(field, fields))
                .map(HttpField::toString)
                .toList();
    }

    private static HttpFields fields(String... namesAndValues) {
        var fields = HttpFields.build();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }
}
