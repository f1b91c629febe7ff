package ml.helix.wolf.e2e;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Two self-signed certificates, made by the JDK's keytool: that of the TLS proxy, and another one. */
final class Certificates {
    private final TestCluster cluster;
    private final String trusted;
    private final String other;

    private Certificates(TestCluster cluster, String trusted, String other) {
        this.cluster = cluster;
        this.trusted = trusted;
        this.other = other;
    }

    /** Makes both. The TLS proxy gets its own, for the IP of its Service, in the Secret {@code tls-proxy}. */
    static Certificates create(TestCluster cluster) {
        cluster.apply(StandInManifests.tlsProxyService());
        try {
            Path folder = Files.createTempDirectory("e2e-certificates");
            byte[] keys = Files.readAllBytes(keyStore(folder, "proxy", cluster.serviceIp("tls-proxy")));
            keyStore(folder, "other", "10.0.0.1");
            cluster.client()
                    .resource(new SecretBuilder()
                            .withNewMetadata()
                            .withNamespace(TestCluster.NAMESPACE)
                            .withName("tls-proxy")
                            .endMetadata()
                            .addToData("proxy.p12", Base64.getEncoder().encodeToString(keys))
                            .build())
                    .createOr(existing -> existing.update());
            return new Certificates(cluster, pem(folder, "proxy"), pem(folder, "other"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void trustProxy() {
        trust(trusted);
    }

    void trustOther() {
        trust(other);
    }

    private void trust(String certificate) {
        cluster.client()
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace(TestCluster.NAMESPACE)
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
