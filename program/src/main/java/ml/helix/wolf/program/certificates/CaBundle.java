package ml.helix.wolf.program.certificates;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Certificates of CAs, in PEM (RFC 7468). The agent and the operator both use this class, so the agent can read each bundle
 * that the operator accepts.
 *
 * @param certificates at least one, in the order of the text
 * @param weak the certificates that were left out because their key is too weak, a sentence each
 */
public record CaBundle(List<X509Certificate> certificates, List<String> weak) {
    private static final Pattern BEGIN = Pattern.compile("\\s*-----BEGIN ([^-]+)-----\\s*");
    private static final Pattern END = Pattern.compile("\\s*-----END [^-]+-----\\s*");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/=\\s]*");
    private static final String UTF8_BOM = "\u00ef\u00bb\u00bf";

    public CaBundle {
        certificates = List.copyOf(certificates);
        weak = List.copyOf(weak);
    }

    /**
     * Reads the certificates. Skips the text around them, and blocks of another kind such as private keys.
     *
     * @throws IllegalArgumentException when there is no certificate, one is broken, or the content is binary. The message
     *     begins with a verb, names the line (the first is 1) and repeats nothing of the content
     */
    public static CaBundle parse(byte[] content) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        if (text.chars().anyMatch(c -> c < ' ' && !Character.isWhitespace(c))) {
            throw new IllegalArgumentException(
                    "is binary; convert it to PEM: openssl x509 -inform der -in FILE -out ca.crt");
        }
        return new Reader(text.startsWith(UTF8_BOM) ? text.substring(UTF8_BOM.length()) : text).read();
    }

    /** Reads the lines once. */
    private static final class Reader {
        private final String[] lines;
        private final List<X509Certificate> certificates = new ArrayList<>();
        private final List<String> weak = new ArrayList<>();
        private int next;

        Reader(String text) {
            this.lines = text.split("\r\n|\r|\n", -1);
        }

        CaBundle read() {
            while (next < lines.length) {
                Matcher begin = BEGIN.matcher(lines[next++]);
                if (begin.matches() && begin.group(1).matches("(X509 )?CERTIFICATE")) {
                    add(certificate(next));
                }
            }
            if (certificates.isEmpty()) {
                throw new IllegalArgumentException(
                        weak.isEmpty()
                                ? "has no certificate in PEM: " + firstContent()
                                : "has no certificate that is strong enough: " + weak.getFirst());
            }
            return new CaBundle(certificates, weak);
        }

        private void add(X509Certificate certificate) {
            CertificateStrength.weakKey(certificate).ifPresentOrElse(weak::add, () -> certificates.add(certificate));
        }

        /** @param begin the number of its BEGIN line */
        private X509Certificate certificate(int begin) {
            var base64 = new StringBuilder();
            while (next < lines.length && !END.matcher(lines[next]).matches()) {
                if (!BASE64.matcher(lines[next]).matches()) {
                    throw broken(begin, "line " + (next + 1) + " is not Base64", null);
                }
                base64.append(lines[next++].replaceAll("\\s", ""));
            }
            if (next++ == lines.length) {
                throw broken(begin, "its -----END CERTIFICATE----- line is missing", null);
            }
            try {
                byte[] der = Base64.getDecoder().decode(base64.toString());
                return (X509Certificate)
                        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
            } catch (IllegalArgumentException e) {
                throw broken(begin, "its Base64 is incomplete", e);
            } catch (CertificateException e) {
                throw broken(begin, "its content is not an X.509 certificate", e);
            }
        }

        private static IllegalArgumentException broken(int begin, String why, @Nullable Exception cause) {
            return new IllegalArgumentException(
                    "has a broken certificate, which begins on line " + begin + ": " + why, cause);
        }

        private String firstContent() {
            for (int i = 0; i < lines.length; i++) {
                Matcher begin = BEGIN.matcher(lines[i]);
                if (begin.matches()) {
                    return "line " + (i + 1) + " begins a " + begin.group(1);
                }
                if (!lines[i].isBlank()) {
                    return "line " + (i + 1) + " should be -----BEGIN CERTIFICATE-----";
                }
            }
            return "it is empty";
        }
    }
}
