package ml.helix.wolf.controlplane.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Decodes the escapes of a path. */
public final class PercentEncoding {
    private PercentEncoding() {}

    /** @throws ApiException 400 if an escape is broken, or if the escaped bytes are not UTF-8 */
    public static String decode(String raw) throws ApiException {
        byte[] source = raw.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(source.length);
        for (int i = 0; i < source.length; i++) {
            if (source[i] != '%') {
                bytes.put(source[i]);
                continue;
            }
            int high = i + 2 < source.length ? Character.digit(source[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(source[i + 2], 16);
            if (low < 0) {
                throw new ApiException(ApiError.badRequest("path: a % in it must begin an escape such as %2F"));
            }
            bytes.put((byte) (high * 16 + low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new ApiException(ApiError.badRequest("path: its escapes must be UTF-8"));
        }
    }
}
