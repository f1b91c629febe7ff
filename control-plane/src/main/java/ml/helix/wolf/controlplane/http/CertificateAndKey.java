package ml.helix.wolf.controlplane.http;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import ml.helix.wolf.program.certificates.CertificateStrength;

/**
 * A server's certificates and the private key of the first one.
 *
 * @param chain the server's own certificate first
 */
record CertificateAndKey(List<X509Certificate> chain, PrivateKey key) {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----([^-]*)-----END \\1-----");

    /** Version 0 of PKCS#8, in DER. */
    private static final byte[] VERSION = {0x02, 0x01, 0x00};

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;

    CertificateAndKey {
        chain = List.copyOf(chain);
    }

    /** What is wrong is in the key's file. The message begins with a verb and repeats nothing of the key. */
    static final class BadKeyException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        BadKeyException(String message) {
            super(message);
        }
    }

    /**
     * Reads both from PEM: the key as PKCS#8, PKCS#1 (RSA) or SEC 1 (EC).
     *
     * @throws BadKeyException if the key can't be used, or belongs to another certificate
     * @throws IllegalArgumentException if the certificates can't be used; the message begins with a verb
     */
    static CertificateAndKey of(String certificates, String privateKey) {
        List<X509Certificate> chain = chain(certificates);
        CertificateStrength.weakness(chain.getFirst()).ifPresent(weakness -> {
            throw new IllegalArgumentException("has a certificate that clients refuse: " + weakness);
        });
        PublicKey publicKey = chain.getFirst().getPublicKey();
        PrivateKey key = key(privateKey, publicKey);
        if (!isPair(key, publicKey)) {
            throw new BadKeyException("holds the key of another certificate");
        }
        return new CertificateAndKey(chain, key);
    }

    private static List<X509Certificate> chain(String pem) {
        if (!pem.contains("-----BEGIN CERTIFICATE-----")) {
            throw new IllegalArgumentException("has no certificate in PEM");
        }
        try {
            var bytes = new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1));
            return CertificateFactory.getInstance("X.509").generateCertificates(bytes).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (CertificateException e) {
            throw new IllegalArgumentException("has a broken certificate", e);
        }
    }

    private static PrivateKey key(String pem, PublicKey publicKey) {
        Matcher block = KEY.matcher(pem);
        if (!block.find()) {
            throw new BadKeyException("has no private key in PEM");
        }
        if (block.group(1).startsWith("ENCRYPTED")) {
            throw new BadKeyException("has an encrypted key; decrypt it: openssl pkey -in FILE -out key.pem");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(block.group(2));
            byte[] pkcs8 = block.group(1).equals("PRIVATE KEY") ? der : pkcs8(der, publicKey);
            return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new BadKeyException("has no " + publicKey.getAlgorithm() + " key, as the certificate needs it");
        }
    }

    /** Wraps a key of PKCS#1 or SEC 1 as RFC 5208 has it: the algorithm is the public key's. */
    private static byte[] pkcs8(byte[] key, PublicKey publicKey) {
        byte[] info = publicKey.getEncoded();
        int start = (info[1] & 0x80) == 0 ? 2 : 2 + (info[1] & 0x7f);
        byte[] algorithm = Arrays.copyOfRange(info, start, start + 2 + info[start + 1]);
        return der(SEQUENCE, VERSION, algorithm, der(OCTET_STRING, key));
    }

    /** One element; its length has two bytes, which is enough for every key. */
    private static byte[] der(int tag, byte[]... contents) {
        int length = Arrays.stream(contents).mapToInt(content -> content.length).sum();
        var element = new ByteArrayOutputStream();
        element.writeBytes(new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length});
        Arrays.stream(contents).forEach(element::writeBytes);
        return element.toByteArray();
    }

    private static boolean isPair(PrivateKey key, PublicKey publicKey) {
        String algorithm =
                switch (publicKey.getAlgorithm()) {
                    case "EC" -> "SHA256withECDSA";
                    case "RSA" -> "SHA256withRSA";
                    default -> publicKey.getAlgorithm();
                };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(VERSION);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(VERSION);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** A context for a server. */
    SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(KeyInMemory.managers(key, chain.toArray(Certificate[]::new)), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("can't be used for TLS: " + e.getMessage(), e);
        }
    }
}
