package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import ml.helix.wolf.program.Secret;
import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rotation as an admin does it: the new token beside the old, later the new one alone. */
class RunnerAccessTest {
    @TempDir
    Path folder;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private Path file = Path.of("");

    @BeforeEach
    void oneToken() throws IOException {
        file = Files.writeString(folder.resolve("runner"), "old\n");
    }

    @Test
    void aTokenThatIsAddedIsAcceptedBesideTheOldUntilTheOldIsRemoved() throws IOException {
        var access = access();
        assertThat(admits(access, "old")).isTrue();
        assertThat(admits(access, "new")).isFalse();

        write("new\n\n old \n");
        assertThat(admits(access, "new")).isTrue();
        assertThat(admits(access, "old")).isTrue();

        write("new");
        assertThat(admits(access, "new")).isTrue();
        assertThat(admits(access, "old")).isFalse();
    }

    @Test
    void theFileIsNotReadAgainForEveryRequest() throws IOException {
        var access = access();
        Files.writeString(file, "new");
        now.addAndGet(RunnerAccess.LOOKED_AT_EVERY.toNanos() - 1);

        assertThat(admits(access, "old")).isTrue();
        now.addAndGet(1);
        assertThat(admits(access, "old")).isFalse();
    }

    @Test
    void theLastTokensHoldWhileTheFileIsMissingEmptyOrHasWhatNoTokenMayBe() throws IOException {
        var access = access();
        for (var content : new String[] {"", "\n", "new\ntwo words", "new\nadmin-token"}) {
            write(content);
            assertThat(admits(access, "old")).as(content).isTrue();
            assertThat(admits(access, "new")).as(content).isFalse();
            assertThat(admits(access, "admin-token")).as(content).isFalse();
        }
        Files.delete(file);
        now.addAndGet(RunnerAccess.LOOKED_AT_EVERY.toNanos());
        assertThat(admits(access, "old")).isTrue();

        write("new");
        assertThat(admits(access, "new")).isTrue();
    }

    @Test
    void aFileWithoutATokenIsNoStart() throws IOException {
        Files.writeString(file, " \n");

        assertThatThrownBy(this::access)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is empty");
    }

    private RunnerAccess access() throws IOException {
        return new RunnerAccess(new RunnerTokens.InFile(file), new AdminAccess(Secret.of("admin-token")), now::get);
    }

    private void write(String content) throws IOException {
        Files.writeString(file, content);
        now.addAndGet(RunnerAccess.LOOKED_AT_EVERY.toNanos());
    }

    private static boolean admits(RunnerAccess access, String token) {
        return access.admits(HttpFields.build().put("Authorization", "Bearer " + token));
    }
}
