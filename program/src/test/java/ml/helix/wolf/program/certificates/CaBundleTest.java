package ml.helix.wolf.program.certificates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class CaBundleTest {
    /** CN=strong, EC P-256, valid to 2126. */
    private static final String STRONG = """
            -----BEGIN CERTIFICATE-----
            MIIBTDCB8qADAgECAghHJuGdoO6NljAKBggqhkjOPQQDAzARMQ8wDQYDVQQDEwZz
            dHJvbmcwIBcNMjYxMTI4MTMzMDQ3WhgPMjEyNjExMDQxMzMwNDdaMBExDzANBgNV
            BAMTBnN0cm9uZzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABC/+JlKk6I8XWtpC
            trabaLgK99q9Y6MjazrJbpEx6qh3DYXguBmfDodk/Ng39/mvIUXbiFEIz6yG0Y92
            he5Q2FajMjAwMB0GA1UdDgQWBBRE1PxmWGXal8euP6I24CoLaa4lzjAPBgNVHRMB
            Af8EBTADAQH/MAoGCCqGSM49BAMDA0kAMEYCIQCLTalnjDgfIrsQJY5PgNmDierP
            ZxVrUu+B+xf2ij+glAIhAJaFs9hQyWM3Qea53T3loT9Qsg52CMO5DApj/9kvasoL
            -----END CERTIFICATE-----
            """;

    /** CN=weak, RSA of 1024 bits, valid to 2126. */
    private static final String WEAK = """
            -----BEGIN CERTIFICATE-----
            MIIB0DCCATmgAwIBAgIJAI0Xiu+aM1CoMA0GCSqGSIb3DQEBDAUAMA8xDTALBgNV
            BAMTBHdlYWswIBcNMjYxMTI4MTMzMDUwWhgPMjEyNjExMDQxMzMwNTBaMA8xDTAL
            BgNVBAMTBHdlYWswgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALBnZ868IJ5h
            T3wuTB1qyEhRSon/LS7JDN975cZslwRy+Ve+8+edwudsUDi+QCZmJc0X8fY7d7Z+
            RLP82PazSwAISLM7HXPwzzxt5AvsteohaZ+edd3QF2aBNJObov0E6YHBfJu5wJkn
            J1tnmIa3wmC/3NC+l5GRoYsoN4H4/WgrAgMBAAGjMjAwMB0GA1UdDgQWBBSupDy7
            p4Q2M4cjnWnXbJZKMe2CzDAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBDAUA
            A4GBACZu8WDLQopBhSsz2kCCeVFt2autAIhTrDgipnIMu+xrV3oQ+B2vof1w9VA2
            5kZ9Sryujb9ZxohXnl45kI1yRCOeF8Vi7xQVTeUyyKO7Sn9yyR3mGWTuWXyl2L3M
            Sc1+Fhb5Aj+Ums4xL28trhn1ta+dUXCyhGSW7Z7656CJjdnM
            -----END CERTIFICATE-----
            """;

    private static final String KEY = "-----BEGIN PRIVATE KEY-----\nbm8ga2V5\n-----END PRIVATE KEY-----\n";

    @Test
    void readsEveryCertificateInAnyLineEndingAndAfterAByteOrderMark() {
        assertThat(read(STRONG + STRONG).certificates()).hasSize(2);
        assertThat(read("\u00ef\u00bb\u00bf" + STRONG.replace("\n", "\r\n")).certificates())
                .hasSize(1);
        assertThat(read(STRONG.replace("-----BEGIN CERT", "  -----BEGIN X509 CERT"))
                        .certificates())
                .hasSize(1);
    }

    @Test
    void passesOverPrivateKeysAndComments() {
        CaBundle bundle = read("# our CA\n\u00c3\u00a9\nBag Attributes: none\n" + KEY + STRONG + "\nthe end");
        assertThat(bundle.certificates()).hasSize(1);
        assertThat(bundle.weak()).isEmpty();
    }

    @Test
    void leavesOutACertificateWithAWeakKeyAndSaysSo() {
        CaBundle bundle = read(WEAK + STRONG);
        assertThat(bundle.certificates()).singleElement().satisfies(certificate -> assertThat(
                        certificate.getSubjectX500Principal().getName())
                .isEqualTo("CN=strong"));
        assertThat(bundle.weak()).containsExactly("CN=weak has an RSA key of 1024 bits; it needs at least 2048");
        refused(WEAK, "has no certificate that is strong enough: CN=weak has an RSA key of 1024 bits");
    }

    @Test
    void saysWhichLineIsNoCertificate() {
        refused("", "has no certificate in PEM: it is empty");
        refused("\n \n", "has no certificate in PEM: it is empty");
        refused("\n\nhello\n", "has no certificate in PEM: line 3 should be -----BEGIN CERTIFICATE-----");
        refused(KEY, "has no certificate in PEM: line 1 begins a PRIVATE KEY");
        refused(STRONG.replace("\n", " "), "has no certificate in PEM: line 1 should be");
    }

    @Test
    void saysWhichLineOfACertificateIsBroken() {
        String begin = "-----BEGIN CERTIFICATE-----\n";
        int after = (int) STRONG.lines().count();
        refused(
                STRONG + begin + "AAAA\n<html>\n",
                "begins on line " + (after + 1) + ": line " + (after + 3) + " is not Base64");
        refused(begin + "AAAA\n", "begins on line 1: its -----END CERTIFICATE----- line is missing");
        refused(begin + "AAAA\n" + STRONG, "begins on line 1: line 3 is not Base64");
        refused(begin + "A\n-----END CERTIFICATE-----\n", "begins on line 1: its Base64 is incomplete");
        refused(begin + "AAAA\n-----END CERTIFICATE-----\n", "line 1: its content is not an X.509 certificate");
        refused(begin + "-----END CERTIFICATE-----\n", "line 1: its content is not an X.509 certificate");
    }

    @Test
    void binaryContentIsToBeConverted() {
        byte[] der = Base64.getMimeDecoder().decode(STRONG.replaceAll("-----.*-----", ""));
        assertThatThrownBy(() -> CaBundle.parse(der))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("is binary; convert it to PEM: openssl x509 -inform der");
        assertThatThrownBy(() -> CaBundle.parse(STRONG.getBytes(StandardCharsets.UTF_16LE)))
                .hasMessageStartingWith("is binary");
    }

    @Test
    void neitherKeyNorTextIsRepeated() {
        assertThatThrownBy(() -> read("hunter2")).hasMessageNotContaining("hunter2");
        assertThatThrownBy(() -> read(KEY)).hasMessageNotContaining("bm8ga2V5");
    }

    private static void refused(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private static CaBundle read(String text) {
        return CaBundle.parse(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
