package ml.helix.wolf.kubectl.controlplane;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The body of a chunked message. Trailers are not read. */
final class ChunkedInput extends BodyInput {
    private boolean ended;
    private boolean begun;

    ChunkedInput(InputStream in) {
        super(in, 0);
    }

    @Override
    long nextPiece() throws IOException {
        if (ended) {
            return 0;
        }
        if (begun) {
            line();
        }
        begun = true;
        String size = line().split(";", 2)[0].strip();
        try {
            long length = Long.parseLong(size, 16);
            ended = length == 0;
            return length;
        } catch (NumberFormatException e) {
            throw new IOException("the response is not chunked as it says", e);
        }
    }

    private String line() throws IOException {
        var line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the response broke off");
            }
            line.append((char) next);
            if (line.length() > 1024) {
                throw new IOException("the response is not chunked as it says");
            }
        }
        return line.toString().strip();
    }
}
