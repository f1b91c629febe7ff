package ml.helix.wolf.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** A CA of its own and servers' certificates signed by it, made by the JDK's keytool in a folder. */
public final class TestCertificates {
    private static final String PASSWORD = "changeit";
    private static final List<String> EC = List.of("-keyalg", "EC", "-groupname", "secp256r1");
    private static final List<String> VALID = List.of("-validity", "10");
    private static final List<String> SHA1 = List.of("-validity", "10", "-sigalg", "SHA1withECDSA");

    private final Path folder;
    private final Path store;
    private final AtomicInteger number = new AtomicInteger();

    private TestCertificates(Path folder) {
        this.folder = folder;
        this.store = folder.resolve("certificates.p12");
    }

    /** Makes the CA. The folder must be empty. */
    public static TestCertificates in(Path folder) {
        return in(folder, "Test CA");
    }

    /** Makes a CA of that name; two of the same name have different keys. The folder must be empty. */
    public static TestCertificates in(Path folder, String name) {
        return in(folder, name, EC);
    }

    /** Makes a CA with an RSA key of that many bits. The folder must be empty. */
    public static TestCertificates rsa(Path folder, int bits) {
        return in(folder, "RSA " + bits, rsa(bits));
    }

    private static TestCertificates in(Path folder, String name, List<String> key) {
        var certificates = new TestCertificates(folder);
        certificates.generate(
                List.of(key, List.of("-alias", "ca", "-dname", "CN=" + name, "-ext", "bc:c", "-validity", "30")));
        certificates.keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                "ca",
                "-file",
                certificates.caFile().toString());
        return certificates;
    }

    /** The CA's certificate in PEM. */
    public Path caFile() {
        return folder.resolve("ca.pem");
    }

    /** A certificate and its private key, each in a file in PEM. */
    public record PemFiles(Path certificate, Path key) {}

    /** As {@link #server}, as files of these names in the folder; those that exist are replaced. The key is in PKCS#8. */
    public PemFiles pemServer(String fileName, String... names) {
        return pem(fileName, serverAlias("ca", EC, VALID, names));
    }

    /** As {@link #pemServer}, with an RSA key of that many bits. */
    public PemFiles pemRsaServer(String fileName, int bits, String... names) {
        return pem(fileName, serverAlias("ca", rsa(bits), VALID, names));
    }

    private PemFiles pem(String fileName, String alias) {
        X509ExtendedKeyManager keys;
        try {
            keys = keyManager();
            var chain = new StringBuilder();
            for (X509Certificate certificate : Objects.requireNonNull(keys.getCertificateChain(alias))) {
                chain.append(pem("CERTIFICATE", certificate.getEncoded()));
            }
            byte[] key = Objects.requireNonNull(keys.getPrivateKey(alias)).getEncoded();
            return new PemFiles(
                    Files.writeString(folder.resolve(fileName + ".crt"), chain),
                    Files.writeString(folder.resolve(fileName + ".key"), pem("PRIVATE KEY", key)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
    }

    /** A client's context that trusts this CA and no other. */
    public SSLContext client() {
        try (InputStream in = Files.newInputStream(caFile())) {
            var trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            var context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A valid certificate for these names; those that begin with a digit or hold a colon are addresses. */
    public SSLContext server(String... names) {
        return server("ca", EC, VALID, names);
    }

    /** One that was valid until five days ago. */
    public SSLContext expired(String... names) {
        return server("ca", EC, List.of("-startdate", "-10d", "-validity", "5"), names);
    }

    /** One that will be valid in ten days. */
    public SSLContext notYetValid(String... names) {
        return server("ca", EC, List.of("-startdate", "+10d", "-validity", "5"), names);
    }

    /** One whose name is in the CN alone. */
    public SSLContext withoutAlternativeNames(String name) {
        return context(generate("ca", name, EC, VALID));
    }

    /** One for an address, whose CN is a name. */
    public SSLContext withCommonName(String name, String address) {
        return context(generate("ca", name, EC, VALID, "san=ip:" + address));
    }

    /** One with an RSA key of that many bits. */
    public SSLContext rsaServer(int bits, String... names) {
        return server("ca", rsa(bits), VALID, names);
    }

    /** One that is signed with SHA-1. The CA must have an EC key. */
    public SSLContext sha1Server(String... names) {
        return server("ca", EC, SHA1, names);
    }

    /** One below an intermediate CA that is signed with SHA-1. The CA must have an EC key. */
    public SSLContext serverBelowSha1(String... names) {
        return server(generate("ca", "Intermediate", EC, SHA1, "bc:c"), EC, VALID, names);
    }

    /** One below an intermediate CA that has an RSA key of that many bits. */
    public SSLContext serverBelowRsa(int bits, String... names) {
        return server(generate("ca", "Intermediate", rsa(bits), VALID, "bc:c"), EC, VALID, names);
    }

    private SSLContext server(String signer, List<String> key, List<String> validity, String... names) {
        return context(serverAlias(signer, key, validity, names));
    }

    private String serverAlias(String signer, List<String> key, List<String> validity, String... names) {
        String san = Stream.of(names)
                .map(name -> (name.matches("\\d.*|.*:.*") ? "ip:" : "dns:") + name)
                .collect(Collectors.joining(","));
        return generate(signer, "server", key, validity, "san=" + san);
    }

    /** Makes a key pair with a signed certificate. Returns its alias. */
    private String generate(String signer, String name, List<String> key, List<String> validity, String... extensions) {
        String alias = "signed" + number.incrementAndGet();
        generate(List.of(
                key,
                validity,
                List.of("-alias", alias, "-dname", "CN=" + name, "-signer", signer),
                Stream.of(extensions)
                        .flatMap(extension -> Stream.of("-ext", extension))
                        .toList()));
        return alias;
    }

    private void generate(List<List<String>> arguments) {
        keytool(Stream.concat(Stream.of("-genkeypair"), arguments.stream().flatMap(List::stream))
                .toArray(String[]::new));
    }

    private static List<String> rsa(int bits) {
        return List.of("-keyalg", "RSA", "-keysize", String.valueOf(bits));
    }

    private SSLContext context(String alias) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {new OneKey(keyManager(), alias)}, null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private X509ExtendedKeyManager keyManager() throws GeneralSecurityException {
        try (InputStream in = Files.newInputStream(store)) {
            var keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, PASSWORD.toCharArray());
            return (X509ExtendedKeyManager) factory.getKeyManagers()[0];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void keytool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD, "-storetype", "PKCS12"));
        try {
            Path output = folder.resolve("keytool.log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException("keytool: " + Files.readString(output));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** One of the several keys of the store. */
    private static final class OneKey extends X509ExtendedKeyManager {
        private final X509ExtendedKeyManager keys;
        private final String alias;

        OneKey(X509ExtendedKeyManager keys, String alias) {
            this.keys = keys;
            this.alias = alias;
        }

        private @Nullable String alias(String type) {
            return type.equals(getPrivateKey(alias).getAlgorithm()) ? alias : null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return alias(type);
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return alias(type);
        }

        @Override
        public PrivateKey getPrivateKey(String name) {
            return Objects.requireNonNull(keys.getPrivateKey(alias));
        }

        @Override
        public X509Certificate[] getCertificateChain(String name) {
            return Objects.requireNonNull(keys.getCertificateChain(alias));
        }

        @Override
        public String[] getServerAliases(String type, Principal @Nullable [] issuers) {
            return new String[] {alias};
        }

        @Override
        public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String @Nullable [] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}
