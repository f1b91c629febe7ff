package ml.helix.wolf.kubectl.controlplane;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The body of a message in pieces of known length. A body that broke off is an EOFException, not an end. */
abstract class BodyInput extends InputStream {
    protected final InputStream in;
    private long left;

    /** @param length of the first piece */
    BodyInput(InputStream in, long length) {
        this.in = in;
        this.left = length;
    }

    /** Returns the length of the next piece; 0 at the end, also if it is asked again. */
    abstract long nextPiece() throws IOException;

    @Override
    public final int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public final int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (left == 0) {
            left = nextPiece();
        }
        if (left == 0) {
            return -1;
        }
        int count = in.read(buffer, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw new EOFException("the response broke off");
        }
        left -= count;
        return count;
    }
}
