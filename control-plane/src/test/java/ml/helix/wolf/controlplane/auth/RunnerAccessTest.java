package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rotation as an admin does it: the new token beside the old, later the new one alone. */
class RunnerAccessTest {
    private static final String OLD = "old-0123456789abcdef";
    private static final String NEW = "new-0123456789abcdef";
    private static final String ADMIN = "admin-0123456789abcdef";

    @TempDir
    Path folder;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private Path file = Path.of("");

    @BeforeEach
    void oneToken() throws IOException {
        file = Files.writeString(folder.resolve("runner"), OLD + "\n");
    }

    @Test
    void aTokenThatIsAddedIsAcceptedBesideTheOldUntilTheOldIsRemoved() throws IOException {
        var access = access();
        assertThat(admits(access, OLD)).isTrue();
        assertThat(admits(access, NEW)).isFalse();

        write(NEW + "\n\n " + OLD + " \n");
        assertThat(admits(access, NEW)).isTrue();
        assertThat(admits(access, OLD)).isTrue();

        write(NEW);
        assertThat(admits(access, NEW)).isTrue();
        assertThat(admits(access, OLD)).isFalse();
    }

    @Test
    void theFileIsNotReadAgainForEveryRequest() throws IOException {
        var access = access();
        Files.writeString(file, NEW);
        now.addAndGet(ReloadedTokens.RELOAD_INTERVAL.toNanos() - 1);

        assertThat(admits(access, OLD)).isTrue();
        now.addAndGet(1);
        assertThat(admits(access, OLD)).isFalse();
    }

    @Test
    void theLastTokensHoldWhileTheFileIsMissingEmptyOrHasWhatNoTokenMayBe() throws IOException {
        var access = access();
        for (var content : new String[] {
            "", "\n", NEW + "\ntwo words", NEW + "\n" + ADMIN, NEW + "\n0123456789abcde", NEW + "\n0123456789abcdeß"
        }) {
            write(content);
            assertThat(admits(access, OLD)).as(content).isTrue();
            assertThat(admits(access, NEW)).as(content).isFalse();
            assertThat(admits(access, ADMIN)).as(content).isFalse();
        }
        Files.delete(file);
        now.addAndGet(ReloadedTokens.RELOAD_INTERVAL.toNanos());
        assertThat(admits(access, OLD)).isTrue();

        write(NEW);
        assertThat(admits(access, NEW)).isTrue();
    }

    @Test
    void aFileWithoutATokenIsNoStart() throws IOException {
        Files.writeString(file, " \n");

        assertThatThrownBy(this::access)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is empty");
    }

    @Test
    void anAdminTokenThatComesLaterIsNoRunnersFromThenOn() throws IOException {
        Path admins = Files.writeString(folder.resolve("admins"), ADMIN);
        var access = new RunnerAccess(
                new TokenSource.InFile(file),
                new AdminAccess(new TokenSource.InFile(admins), now::get),
                new Refusals(new PrometheusRegistry()),
                now::get);
        assertThat(admits(access, OLD)).isTrue();
        Files.writeString(admins, OLD);
        now.addAndGet(ReloadedTokens.RELOAD_INTERVAL.toNanos());
        assertThat(admits(access, OLD)).isFalse();
    }

    private RunnerAccess access() throws IOException {
        return new RunnerAccess(
                new TokenSource.InFile(file),
                new AdminAccess(TokenSource.Fixed.of(ADMIN), now::get),
                new Refusals(new PrometheusRegistry()),
                now::get);
    }

    private void write(String content) throws IOException {
        Files.writeString(file, content);
        now.addAndGet(ReloadedTokens.RELOAD_INTERVAL.toNanos());
    }

    private static boolean admits(RunnerAccess access, String token) {
        return access.find(HttpFields.build().put("Authorization", "Bearer " + token))
                .isPresent();
    }
}
