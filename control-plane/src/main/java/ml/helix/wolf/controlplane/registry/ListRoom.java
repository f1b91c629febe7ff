package ml.helix.wolf.controlplane.registry;

import java.util.concurrent.Semaphore;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;

/** How many instances may be in lists that are being sent; so a caller that doesn't read can't fill the memory. Thread safe. */
public final class ListRoom {
    /** What an instance takes in a list, as text and as bytes; rather too much. */
    private static final int INSTANCE_BYTES = 2048;

    private final int most;
    private final Semaphore free;

    ListRoom(int most) {
        this.most = most;
        this.free = new Semaphore(most);
    }

    /** All lists together may take an eighth of the heap. One list may always be sent, however long. */
    public static ListRoom ofHeap() {
        return new ListRoom(Math.toIntExact(Runtime.getRuntime().maxMemory() / 8 / INSTANCE_BYTES));
    }

    /**
     * Keeps room until the request is complete.
     *
     * @throws ApiException 503 if there is none now
     */
    void take(Request request, int instances) throws ApiException {
        int taken = Math.min(instances, most);
        if (!free.tryAcquire(taken)) {
            throw new ApiException(new ApiError(
                    HttpStatus.SERVICE_UNAVAILABLE_503,
                    "TooManyLists",
                    "other callers are being sent as many instances as there is memory for; try again, or ask for pages (limit)",
                    HttpFields.build().put(HttpHeader.RETRY_AFTER, 1)));
        }
        Request.addCompletionListener(request, failure -> free.release(taken));
    }
}
