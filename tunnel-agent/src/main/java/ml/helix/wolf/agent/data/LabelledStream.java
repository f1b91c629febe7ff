package ml.helix.wolf.agent.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.StreamLog;
import ml.helix.wolf.revdial.WatchedStream;

/**
 * A data connection whose log lines carry the request's {@code traceparent}. It is looked for in the first bytes that are read
 * at once, and nothing else is done with them.
 */
final class LabelledStream extends WatchedStream {
    private static final Pattern FIELD =
            Pattern.compile("\\r\\ntraceparent:[ \\t]*([^\\r\\n]{1,256})\\r\\n", Pattern.CASE_INSENSITIVE);

    private final ByteStream data;
    /** Belongs to the reading thread. */
    private boolean read;

    LabelledStream(ByteStream data) {
        super(data, () -> {});
        this.data = data;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        if (!read && count > 0) {
            read = true;
            label(new String(buffer, offset, count, StandardCharsets.ISO_8859_1));
        }
        return count;
    }

    private void label(String bytes) {
        int end = bytes.indexOf("\r\n\r\n");
        Matcher field = FIELD.matcher(end < 0 ? bytes : bytes.substring(0, end + 2));
        if (field.find()) {
            StreamLog about = StreamLog.current().of(field.group(1));
            about.set();
            data.logAs(about);
        }
    }
}
