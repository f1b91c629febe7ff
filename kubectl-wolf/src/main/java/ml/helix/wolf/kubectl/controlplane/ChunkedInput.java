package ml.helix.wolf.kubectl.controlplane;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The body of a chunked message. A body that broke off is an EOFException, not an end. Trailers are not read. */
final class ChunkedInput extends InputStream {
    private final InputStream in;
    private long left;
    private boolean ended;
    private boolean begun;

    ChunkedInput(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (left == 0 && !ended) {
            nextChunk();
        }
        if (ended) {
            return -1;
        }
        int count = in.read(buffer, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the response broke off");
        }
        left -= count;
        return count;
    }

    private void nextChunk() throws IOException {
        if (begun) {
            line();
        }
        begun = true;
        String size = line().split(";", 2)[0].strip();
        try {
            left = Long.parseLong(size, 16);
        } catch (NumberFormatException e) {
            throw new IOException("the response is not chunked as it says", e);
        }
        ended = left == 0;
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
