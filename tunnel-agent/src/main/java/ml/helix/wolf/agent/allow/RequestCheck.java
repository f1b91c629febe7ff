package ml.helix.wolf.agent.allow;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which of the bytes that a caller sends on one stream may reach Wolf: the head of one request, if it is allowed, and
 * the body that the head announces. Before the head is complete and allowed, no byte may pass; after the body, none may
 * pass any more. Holds at most the head, and what came with its last bytes. Not thread-safe.
 */
public final class RequestCheck {
    /** Far longer than a request to Wolf, and what most servers take. */
    static final int MAX_HEAD = 16 * 1024;

    private static final int FIRST_SIZE = 1024;

    private final AllowList allowed;
    /** Null when the head is complete and the request allowed. */
    private @Nullable HeadLines head = new HeadLines();

    private byte[] held = new byte[FIRST_SIZE];
    private int heldLength;
    private int taken;
    /** How many bytes of the body are still to come. */
    private long left;

    public RequestCheck(AllowList allowed) {
        this.allowed = allowed;
    }

    /**
     * Takes the next bytes from the caller. Call it when {@link #take} has nothing.
     *
     * @return how many of them, from the first one on, may pass now. Those that were held back until now and may pass are
     *     before them: {@link #take} returns them
     * @throws NotAllowedException if the request must not reach Wolf. No byte of it may pass
     */
    public int add(byte[] bytes, int offset, int count) throws NotAllowedException {
        HeadLines lines = head;
        if (lines == null) {
            return ofBody(count);
        }
        for (int i = offset; i < offset + count; i++) {
            if (heldLength == MAX_HEAD) {
                throw new NotAllowedException("the request's head is longer than " + MAX_HEAD + " bytes");
            }
            hold(bytes, i, 1);
            if (lines.add(bytes[i])) {
                left = check(lines.lines());
                head = null;
                hold(bytes, i + 1, ofBody(offset + count - i - 1));
                break;
            }
        }
        return 0;
    }

    private long check(List<String> lines) throws NotAllowedException {
        RequestHead request = RequestHead.parse(lines);
        if (!allowed.allows(request.method(), request.path())) {
            throw new NotAllowedException(request.method() + " /" + String.join("/", request.path())
                    + " matches no rule of the agent's allow-list");
        }
        return request.contentLength();
    }

    private int ofBody(int count) {
        int pass = (int) Math.min(count, left);
        left -= pass;
        return pass;
    }

    private void hold(byte[] bytes, int offset, int count) {
        if (heldLength + count > held.length) {
            held = Arrays.copyOf(held, Math.max(2 * held.length, heldLength + count));
        }
        System.arraycopy(bytes, offset, held, heldLength, count);
        heldLength += count;
    }

    /** Moves bytes that were held back and may pass to {@code target}. Returns how many, 0 if there are none. */
    public int take(byte[] target, int offset, int length) {
        int count = head == null ? Math.min(length, heldLength - taken) : 0;
        System.arraycopy(held, taken, target, offset, count);
        taken += count;
        if (head == null && taken == heldLength) {
            held = new byte[0];
            taken = 0;
            heldLength = 0;
        }
        return count;
    }
}
