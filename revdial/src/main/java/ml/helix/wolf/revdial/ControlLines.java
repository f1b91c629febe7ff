package ml.helix.wolf.revdial;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import ml.helix.wolf.revdial.ControlMessage.ConnReady;
import ml.helix.wolf.revdial.ControlMessage.KeepAlive;
import ml.helix.wolf.revdial.ControlMessage.PickupFailed;
import ml.helix.wolf.revdial.ControlMessage.Reconnect;
import ml.helix.wolf.revdial.ControlMessage.Unknown;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads control messages as lines of JSON. Stateless and thread-safe; a {@link Decoder} is neither.
 *
 * <p>Facts from Helix's {@code api/pkg/revdial/revdial.go}: {@code controlMsg} names the fields, and its reader's buffer
 * of 4,096 bytes is what limits a line.
 */
public final class ControlLines {

    /** The longest line that a Go peer reads, in bytes, its {@code \n} included: the longest that is ever written. */
    public static final int PEER_LIMIT = 4096;

    /** The longest line that the agent accepts, in bytes, its {@code \n} included. */
    public static final int AGENT_LIMIT = 64 * 1024;

    // Field names are not kept from line to line: a peer could fill the table with ever new ones.
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(AGENT_LIMIT)
                    .maxNameLength(AGENT_LIMIT)
                    .build())
            .build();

    private ControlLines() {}

    /**
     * Writes a line, its {@code \n} included, of at most {@link #PEER_LIMIT} bytes. {@code err} is cut to fit, between
     * two code points.
     *
     * @throws IllegalArgumentException if the line would be too long even without {@code err}, and for an
     *     {@link Unknown}
     */
    public static byte[] encode(ControlMessage message) {
        return switch (message) {
            case KeepAlive() -> new LineWriter("keep-alive").line();
            case Reconnect() -> new LineWriter("reconnect").line();
            case ConnReady(String connPath) ->
                new LineWriter("conn-ready").field("connPath", connPath).line();
            case PickupFailed(String connPath, String err) ->
                new LineWriter("pickup-failed")
                        .field("connPath", connPath)
                        .lastField("err", err)
                        .line();
            case Unknown(String command) -> throw new IllegalArgumentException("no such command: " + command);
        };
    }

    /** Whether a pickup-failed with this connPath fits into a line, at least without a reason. */
    static boolean canBeEchoed(String connPath) {
        return new LineWriter("pickup-failed").field("connPath", connPath).fits();
    }

    /**
     * Cuts bytes into lines and parses them. A line may come in several pieces. Holds at most {@code limit} bytes. Not
     * thread-safe. Do not use it after it has thrown.
     */
    public static final class Decoder {
        private final int limit;
        // Both belong to the thread that calls next().
        private byte[] line = new byte[512];
        private int length;

        /** @param limit the longest line to accept, in bytes, its {@code \n} included */
        public Decoder(int limit) {
            this.limit = limit;
        }

        /**
         * Takes bytes up to the end of the next line.
         *
         * @return the message of that line; null if the line isn't complete yet: what there is of it is kept
         * @throws ProtocolException if a line is too long, or isn't one JSON object in UTF-8 (an empty line isn't)
         */
        public @Nullable ControlMessage next(ByteBuffer bytes) throws ProtocolException {
            while (bytes.hasRemaining()) {
                byte b = bytes.get();
                if (length + 1 > limit || (length + 1 == limit && b != '\n')) {
                    throw new ProtocolException("a control line is longer than " + limit + " bytes");
                }
                if (b == '\n') {
                    int end = length;
                    length = 0;
                    return parse(line, end);
                }
                if (length == line.length) {
                    line = Arrays.copyOf(line, Math.min(limit, 2 * length));
                }
                line[length++] = b;
            }
            return null;
        }
    }

    private static ControlMessage parse(byte[] line, int length) throws ProtocolException {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw noObject(length, "it isn't UTF-8");
        }
        String command = "";
        String connPath = "";
        String err = "";
        try (JsonParser json = JSON.createParser(text)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw noObject(length, "it doesn't begin with {");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                boolean string = json.nextToken() == JsonToken.VALUE_STRING;
                if (string) {
                    switch (field) {
                        case "command" -> command = json.getText();
                        case "connPath" -> connPath = json.getText();
                        case "err" -> err = json.getText();
                        default -> {}
                    }
                }
                json.skipChildren();
            }
            if (json.nextToken() != null) {
                throw noObject(length, "something follows the object");
            }
        } catch (JsonProcessingException e) {
            throw noObject(length, "column " + e.getLocation().getColumnNr() + " is wrong");
        } catch (ProtocolException e) {
            throw e;
        } catch (IOException e) {
            throw new AssertionError("reading from a String", e);
        }
        return switch (command) {
            case "keep-alive" -> new KeepAlive();
            case "reconnect" -> new Reconnect();
            case "conn-ready" -> new ConnReady(connPath);
            case "pickup-failed" -> new PickupFailed(connPath, err);
            default -> new Unknown(command);
        };
    }

    // Repeats nothing of the line: the message goes to logs, and the peer knows the token.
    private static ProtocolException noObject(int length, String why) {
        return new ProtocolException("a control line of " + length + " bytes is not a JSON object: " + why);
    }
}
