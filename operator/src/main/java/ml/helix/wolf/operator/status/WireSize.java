package ml.helix.wolf.operator.status;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes a value has at the API server: as JSON that Go writes, which escapes a few more characters than Jackson
 * does, for example {@code <} in six bytes.
 */
final class WireSize {
    static final JsonMapper GO = JsonMapper.builder(
                    new JsonFactoryBuilder().characterEscapes(new GoEscapes()).build())
            .build();

    private WireSize() {}

    /** In compact JSON. */
    static int of(Object value) {
        try {
            return GO.writeValueAsString(value).getBytes(StandardCharsets.UTF_8).length;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a status is always JSON", e);
        }
    }

    private static final class GoEscapes extends CharacterEscapes {
        private static final long serialVersionUID = 1;

        private final int[] ascii = standardAsciiEscapesForJSON();

        GoEscapes() {
            for (char escaped : "<>&".toCharArray()) {
                ascii[escaped] = ESCAPE_STANDARD;
            }
        }

        @Override
        public int[] getEscapeCodesForAscii() {
            return ascii.clone();
        }

        @Override
        public @Nullable SerializableString getEscapeSequence(int character) {
            return character == 0x2028 || character == 0x2029
                    ? new SerializedString("\\u" + HexFormat.of().toHexDigits((char) character))
                    : null;
        }
    }
}
