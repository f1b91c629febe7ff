package ml.helix.wolf.controlplane.store;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.testkit.PostgresServer;

/** The two kinds of store; a test that runs on both takes one as its parameter. */
public enum TestStore {
    H2,
    POSTGRES;

    /** A new, empty one; skips the test if there is no PostgreSQL. */
    public StoreSettings create(Path folder) throws IOException {
        return switch (this) {
            case H2 -> new StoreSettings("jdbc:h2:file:" + folder.resolve("store"), "", new StorePassword.None());
            case POSTGRES -> {
                assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                        .orElse(""));
                yield postgres(PostgresServer.shared().createDatabase());
            }
        };
    }

    public static StoreSettings postgres(String url) {
        return new StoreSettings(url, PostgresServer.USER, new StorePassword.Fixed(Secret.of(PostgresServer.PASSWORD)));
    }
}
