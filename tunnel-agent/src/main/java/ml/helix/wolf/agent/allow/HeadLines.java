package ml.helix.wolf.agent.allow;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a request's head into its lines while its bytes arrive. Each line ends with CR LF, and none is folded. What some
 * servers take for the end of a line, and others don't, is refused as soon as it is there. Not thread-safe.
 */
final class HeadLines {
    private final List<String> lines = new ArrayList<>();
    private final StringBuilder line = new StringBuilder();
    private boolean afterCr;

    /**
     * Adds the next byte. Returns whether the head is complete.
     *
     * @throws NotAllowedException if it can't belong to a head
     */
    boolean add(byte next) throws NotAllowedException {
        if (afterCr != (next == '\n')) {
            throw new NotAllowedException("each line of the head must end with CR LF");
        }
        if (next == '\r') {
            afterCr = true;
        } else if (next == '\n') {
            afterCr = false;
            return endLine();
        } else {
            addToLine((char) (next & 0xff));
        }
        return false;
    }

    private boolean endLine() throws NotAllowedException {
        if (!line.isEmpty()) {
            lines.add(line.toString());
            line.setLength(0);
            return false;
        }
        if (lines.isEmpty()) {
            throw new NotAllowedException("the request must not begin with an empty line");
        }
        return true;
    }

    private void addToLine(char next) throws NotAllowedException {
        if (line.isEmpty() && (next == ' ' || next == '\t')) {
            throw new NotAllowedException("a line of the head must not begin with a space");
        }
        if (next < ' ' && next != '\t' || next == 0x7f) {
            throw new NotAllowedException("the head must not have control characters");
        }
        line.append(next);
    }

    /** The lines so far. */
    List<String> lines() {
        return lines;
    }
}
