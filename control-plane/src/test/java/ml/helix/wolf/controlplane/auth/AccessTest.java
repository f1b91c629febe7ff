package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import ml.helix.wolf.program.Secret;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessTest {
    private final AdminAccess admins = new AdminAccess(Secret.of("admin-token"));
    private final RunnerAccess runners =
            new RunnerAccess(new RunnerTokens.Fixed(Secret.of("runner-token")), admins, () -> 0);

    AccessTest() throws IOException {}

    @ParameterizedTest
    @ValueSource(strings = {"Bearer runner-token", "bearer runner-token", "BEARER  runner-token "})
    void anAgentWithTheTokenIsLetIn(String authorization) {
        assertThat(runners.admits(fields("Authorization", authorization))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer",
                "Bearer ",
                "Bearer runner-toke",
                "Bearer runner-token2",
                "runner-token",
                "Basic runner-token",
                "Bearer admin-token"
            })
    void anAgentWithoutTheTokenIsNot(String authorization) {
        assertThat(runners.admits(fields("Authorization", authorization))).isFalse();
        assertThat(runners.admits(HttpFields.EMPTY)).isFalse();
    }

    @Test
    void theAdminTokenMayComeInEitherHeader() {
        assertThat(admins.admits(fields("Authorization", "Bearer admin-token"))).isTrue();
        assertThat(admins.admits(fields("X-Admin-Token", "admin-token"))).isTrue();
        assertThat(admins.admits(fields("X-Admin-Token", "wrong", "Authorization", "Bearer admin-token")))
                .isTrue();
        assertThat(admins.admits(fields("X-Admin-Token", "runner-token", "Authorization", "Bearer runner-token")))
                .isFalse();
        assertThat(admins.admits(HttpFields.EMPTY)).isFalse();
    }

    @Test
    void noAdminTokenGoesOnToWolf() {
        assertThat(passedOn("Authorization", "Bearer admin-token")).isEmpty();
        assertThat(passedOn("X-Admin-Token", "admin-token", "authorization", "Bearer admin-token"))
                .isEmpty();
        assertThat(passedOn("x-admin-token", "wrong", "Authorization", "Bearer admin-token"))
                .isEmpty();
    }

    @Test
    void anAuthorizationBesideXAdminTokenIsWolfs() {
        assertThat(passedOn("X-Admin-Token", "admin-token", "Authorization", "Basic d29sZg==", "Accept", "*/*"))
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
