package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Two self-signed certificates: the one that the TLS front shows, and another's. Made by the JDK's keytool. */
final class Certificates {
    private final Stage stage;
    private final String right;
    private final String other;

    private Certificates(Stage stage, String right, String other) {
        this.stage = stage;
        this.right = right;
        this.other = other;
    }

    /** Makes both and gives the TLS front its own, for the address of its Service, as the Secret {@code tls-front}. */
    static Certificates create(Stage stage) {
        stage.apply(Parts.tlsService());
        try {
            Path folder = Files.createTempDirectory("e2e-certificates");
            byte[] keys = Files.readAllBytes(keyStore(folder, "front", stage.address("tls-front")));
            keyStore(folder, "other", "10.0.0.1");
            stage.client()
                    .resource(new SecretBuilder()
                            .withNewMetadata()
                            .withNamespace(Stage.NAMESPACE)
                            .withName("tls-front")
                            .endMetadata()
                            .addToData("front.p12", Base64.getEncoder().encodeToString(keys))
                            .build())
                    .createOr(existing -> existing.update());
            return new Certificates(stage, pem(folder, "front"), pem(folder, "other"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void trustRight() {
        trust(right);
    }

    void trustOther() {
        trust(other);
    }

    private void trust(String certificate) {
        stage.client()
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace(Stage.NAMESPACE)
                        .withName("e2e-ca")
                        .endMetadata()
                        .addToData("ca.crt", certificate)
                        .build())
                .createOr(existing -> existing.update());
    }

    private static Path keyStore(Path folder, String name, String address) {
        Path file = folder.resolve(name + ".p12");
        Command.shell(keytool() + " -genkeypair -alias " + name + " -keyalg EC -dname CN=" + name + " -ext SAN=IP:"
                + address + " -validity 2 -storetype PKCS12 -storepass changeit -keystore " + file);
        return file;
    }

    private static String pem(Path folder, String name) {
        return Command.shell(keytool() + " -exportcert -rfc -alias " + name + " -storepass changeit -keystore "
                + folder.resolve(name + ".p12"));
    }

    private static String keytool() {
        return Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    }
}
