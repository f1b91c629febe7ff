package ml.helix.wolf.conformance.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import ml.helix.wolf.conformance.peer.Connection;
import ml.helix.wolf.conformance.peer.Frame;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/protocol.md, "A new token": the tunnel moves to a newer token if, and only if, the server accepts it. */
class TokenFileIT extends AgentSpec {
    private static final Instant FIRST = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant SECOND = Instant.parse("2026-01-03T00:00:00Z");
    private static final Instant THIRD = Instant.parse("2026-01-04T00:00:00Z");

    @TempDir
    Path folder;

    private InProcessAgent agent;
    private Connection control;

    @BeforeEach
    void connect() throws Exception {
        publish("-1", FIRST);
        agent = start("-token-file", folder.resolve("token").toString());
        control = accepted();
        assertThat(bearer(control)).isEqualTo("Bearer " + TOKEN + "-1");
        agent.awaitState("Connected");
    }

    @Test
    void anAcceptedTokenTakesOverWithoutAMomentOfAbsence() throws Exception {
        StreamEnds running = openStream(control);
        try (var ready = new Readiness(agent)) {
            publish("-2", SECOND);
            Connection newer = accepted();
            assertThat(bearer(newer)).isEqualTo("Bearer " + TOKEN + "-2");
            assertThat(newer.head().target()).isEqualTo(control.head().target());
            assertThat(newer.head().header("Wolf-Agent-Instance"))
                    .as("the same instance, so that the control plane does not report a displacement")
                    .isPresent()
                    .isEqualTo(control.head().header("Wolf-Agent-Instance"));
            assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
            control.send(Frame.close(1001, ""));
            control.end();

            running.atServer().binary("runs on");
            assertThat(running.atWolf().read(7)).isEqualTo(bytes("runs on"));
            running.atWolf().write(bytes("both ways"));
            assertThat(running.atServer().read(9)).isEqualTo(bytes("both ways"));
            newer.connReady(newPath());
            Connection data = server.data();
            assertThat(bearer(data)).isEqualTo("Bearer " + TOKEN + "-2");
            data.close();

            JsonNode status = agent.await(now -> changedAt(now).equals(SECOND.toString()), "new token in use");
            assertThat(status.path("token").path("refused").asBoolean(true)).isFalse();
            assertThat(status.path("state").asText()).isEqualTo("Connected");
            assertThat(status.path("connects").asInt()).isEqualTo(2);
            assertThat(status.path("lastError").isNull()).isTrue();
            assertThat(ready.notReady()).isZero();
        }
        assertThat(server.hasUntakenHandshake()).as("a third handshake").isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 4001})
    void aServerThatClosesTheOlderConnectionItselfCausesNoAbsenceEither(int code) throws Exception {
        try (var ready = new Readiness(agent)) {
            publish("-2", SECOND);
            Connection newer = server.control();
            control.send(Frame.close(code, "replaced by another agent with this id"));
            control.end();
            newer.accept().keepAlive();
            assertServes(newer);
            JsonNode status = agent.await(now -> changedAt(now).equals(SECOND.toString()), "new token in use");
            assertThat(status.path("lastError").isNull()).isTrue();
            assertThat(ready.notReady()).isZero();
        }
    }

    @Test
    void aRefusedTokenLeavesTheTunnelToTheOlderOneUntilTheFileIsCorrected() throws Exception {
        StreamEnds running = openStream(control);
        try (var ready = new Readiness(agent)) {
            publish("-wrong", SECOND);
            Connection refused = server.control();
            assertThat(bearer(refused)).isEqualTo("Bearer " + TOKEN + "-wrong");
            refused.answer(401);

            JsonNode status = agent.await(TokenFileIT::refused, "refused token");
            assertThat(changedAt(status)).isEqualTo(FIRST.toString());
            assertThat(status.path("state").asText()).isEqualTo("Connected");
            wolf.echoing(); // each request of /status makes the agent check Wolf
            control.connReady(newPath());
            Connection data = server.data();
            assertThat(bearer(data)).isEqualTo("Bearer " + TOKEN + "-1");
            data.accept().binary("old and good");
            assertThat(data.read(12)).isEqualTo(bytes("old and good"));
            data.close();

            publish("-3", THIRD);
            Connection corrected = nextWith("-3");
            corrected.accept().keepAlive();
            status = agent.await(now -> changedAt(now).equals(THIRD.toString()), "corrected token in use");
            assertThat(refused(status)).isFalse();
            assertThat(control.frame(Frame.CLOSE).closeCode()).isEqualTo(1001);
            running.atServer().binary("through it all");
            assertThat(running.atWolf().read(14)).isEqualTo(bytes("through it all"));
            assertServes(corrected);
            assertThat(ready.notReady()).isZero();
        }
    }

    @Test
    void anEmptyFileAndOneThatIsGoneAreNoNewToken() throws Exception {
        Files.delete(folder.resolve("token"));
        assertServes(control);
        Files.writeString(folder.resolve("token"), "\n");
        assertServes(control);
        publish("-2", SECOND);
        Connection newer = accepted();
        assertThat(bearer(newer)).isEqualTo("Bearer " + TOKEN + "-2");
        assertServes(newer);
    }

    /** The next control connection with this token; refuses retries with the previous token. */
    private Connection nextWith(String suffix) throws Exception {
        while (true) {
            Connection next = server.control();
            if (bearer(next).endsWith(suffix)) {
                return next;
            }
            next.answer(403);
        }
    }

    /** Replaces the token as a kubelet does: the file is a symbolic link, which is replaced atomically. */
    private void publish(String suffix, Instant at) throws IOException {
        Path file = Files.writeString(folder.resolve("content" + suffix), TOKEN + suffix + "\n");
        Files.setLastModifiedTime(file, FileTime.from(at));
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        Files.move(link, folder.resolve("token"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String bearer(Connection connection) {
        return connection.head().header("Authorization").orElse("");
    }

    private static String changedAt(JsonNode status) {
        return status.path("token").path("changedAt").asText();
    }

    private static boolean refused(JsonNode status) {
        return status.path("token").path("refused").asBoolean();
    }

    /** Requests {@code /readyz} again and again and counts the answers other than 200. */
    private static final class Readiness implements AutoCloseable {
        private final AtomicInteger notReady = new AtomicInteger();
        private final CompletableFuture<Void> asking;
        private volatile boolean over;

        Readiness(InProcessAgent agent) {
            asking = CompletableFuture.runAsync(
                    () -> {
                        while (!over) {
                            if (agent.readyz() != 200) {
                                notReady.incrementAndGet();
                            }
                            LockSupport.parkNanos(2_000_000);
                        }
                    },
                    task -> Thread.ofVirtual().name("readiness").start(task));
        }

        int notReady() {
            return notReady.get();
        }

        @Override
        public void close() {
            over = true;
            asking.join();
        }
    }
}
