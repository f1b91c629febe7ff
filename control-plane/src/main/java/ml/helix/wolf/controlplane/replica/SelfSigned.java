package ml.helix.wolf.controlplane.replica;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/**
 * The bytes of a self-signed X.509 certificate (RFC 5280, section 4.1) for an EC key, signed with ECDSA and SHA-256. The
 * JDK can read certificates, but has no public class that makes one.
 */
final class SelfSigned {
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int UTF8_STRING = 0x0c;
    /** For years before 2050, as RFC 5280 has it. */
    private static final int UTC_TIME = 0x17;

    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;

    /** AlgorithmIdentifier with the OID 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
    private static final byte[] ECDSA_SHA256 = HexFormat.of().parseHex("300a06082a8648ce3d040302");
    /** The OID 2.5.4.3, common name. */
    private static final byte[] COMMON_NAME = HexFormat.of().parseHex("0603550403");

    private static final Duration VALID = Duration.ofDays(3650);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    private SelfSigned() {}

    /** The part that is signed. Version 1: it needs no extensions. */
    static byte[] toBeSigned(String commonName, PublicKey key, Instant now) {
        byte[] attribute = der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, commonName.getBytes(StandardCharsets.UTF_8)));
        byte[] name = der(SEQUENCE, der(SET, attribute));
        byte[] validity = der(SEQUENCE, time(now.minus(Duration.ofDays(1))), time(now.plus(VALID)));
        return der(SEQUENCE, der(INTEGER, new byte[] {1}), ECDSA_SHA256, name, validity, name, key.getEncoded());
    }

    static byte[] certificate(byte[] toBeSigned, byte[] signature) {
        return der(SEQUENCE, toBeSigned, ECDSA_SHA256, der(BIT_STRING, new byte[] {0}, signature));
    }

    private static byte[] time(Instant time) {
        return der(UTC_TIME, TIME.format(time).getBytes(StandardCharsets.US_ASCII));
    }

    /** Tag, length and the contents one after the other. */
    private static byte[] der(int tag, byte[]... contents) {
        var body = new ByteArrayOutputStream();
        for (byte[] content : contents) {
            body.writeBytes(content);
        }
        var value = new ByteArrayOutputStream();
        value.write(tag);
        // DER wants the shortest form.
        if (body.size() < 0x80) {
            value.write(body.size());
        } else if (body.size() < 0x100) {
            value.write(0x81); // one byte of length follows
            value.write(body.size());
        } else {
            value.write(0x82); // two bytes of length follow
            value.write(body.size() >> 8);
            value.write(body.size());
        }
        value.writeBytes(body.toByteArray());
        return value.toByteArray();
    }
}
