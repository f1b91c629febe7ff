package ml.helix.wolf.conformance.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class SecretLeakExtensionTest {
    private final List<String> seen = new ArrayList<>();

    @Test
    void seesASecretOnAPrintedLine() {
        var out = new PrintStream(new SearchedOutput(new PrintStream(new ByteArrayOutputStream()), seen), true);
        out.println("nothing here");
        out.print("Bearer kit-");
        assertThat(seen).isEmpty();
        out.println("s3cr3t-token");
        assertThat(seen).containsExactly("Bearer [secret]-token\n");
    }

    @Test
    void seesASecretInALogLineOfAnyLevelAndInItsException() {
        var logs = new LoggerContext();
        SecretLeakExtension.install(logs, seen);
        logs.getLogger("ml.helix.wolf.agent").trace("the token is {}", Secrets.MARK);
        logs.getLogger("some.library").warn("broken", new IllegalStateException("at " + Secrets.MARK));
        assertThat(seen).hasSize(2).allMatch(line -> line.contains("[secret]"));
    }

    @Test
    void seesASecretInsideBase64WhateverStandsBeforeIt() {
        for (String user : List.of("", "a", "ab", "abc", "agent:", "someone:")) {
            byte[] credentials = (user + Secrets.MARK + "-password").getBytes(StandardCharsets.UTF_8);
            assertThat(Secrets.in("Basic " + Base64.getEncoder().encodeToString(credentials)))
                    .as(user)
                    .isTrue();
        }
        assertThat(Secrets.in(
                        "Basic " + Base64.getEncoder().encodeToString("agent:other".getBytes(StandardCharsets.UTF_8))))
                .isFalse();
    }
}
