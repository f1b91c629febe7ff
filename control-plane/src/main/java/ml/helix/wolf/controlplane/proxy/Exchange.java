package ml.helix.wolf.controlplane.proxy;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.UpgradedConnection;
import ml.helix.wolf.controlplane.proxy.WolfResponse.Head;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.Splice;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response over a dialled stream, both ways at once and with one buffer each: what the caller
 * doesn't read Wolf can't send. It lasts as long as it lasts; the first of caller and Wolf to go away ends it.
 */
final class Exchange {
    private static final LongConsumer UNCOUNTED = count -> {};

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final ByteStream wolf;
    private final String runnerId;

    /** Takes the stream over: {@link #run} closes it. */
    Exchange(Request request, Response response, Callback callback, ByteStream wolf, String runnerId) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.wolf = wolf;
        this.runnerId = runnerId;
    }

    /**
     * Completes the request, unless it throws.
     *
     * @throws ApiException 502 where Wolf gave no response; nothing of one has been sent then
     * @throws IOException where Wolf's response or the caller broke off
     */
    void run(byte[] head, RequestBody body) throws ApiException, IOException {
        EndPoint caller = request.getConnectionMetaData().getConnection().getEndPoint();
        long idleTimeout = caller.getIdleTimeout();
        caller.setIdleTimeout(0);
        @Nullable WolfResponse upgraded;
        try {
            upgraded = relay(head, body);
        } catch (ApiException | IOException | RuntimeException e) {
            wolf.close();
            throw e;
        } finally {
            caller.setIdleTimeout(idleTimeout);
        }
        if (upgraded != null) {
            upgrade(upgraded.afterHead());
        } else {
            callback.succeeded();
        }
    }

    /** Returns a response after which both sides leave HTTP, or null once all is said. */
    private @Nullable WolfResponse relay(byte[] head, RequestBody body) throws ApiException, IOException {
        try (var watch = CallerWatch.of(request, wolf::close)) {
            var answer = new WolfResponse(wolf, HttpMethod.HEAD.is(request.getMethod()));
            Upload upload = send(head, body, watch);
            try {
                if (begin(awaitHead(answer))) {
                    return answer;
                }
                content(answer);
                wolf.close();
                return null;
            } catch (ApiException | IOException e) {
                wolf.close();
                throw e;
            } finally {
                upload.finish();
            }
        }
    }

    private Upload send(byte[] head, RequestBody body, CallerWatch watch) throws ApiException {
        try {
            wolf.write(head, 0, head.length);
        } catch (IOException e) {
            throw noResponse(e.getMessage());
        }
        return Upload.start(request, body, wolf, watch);
    }

    private Head awaitHead(WolfResponse answer) throws ApiException {
        try {
            return answer.awaitHead();
        } catch (EOFException e) {
            throw noResponse("the connection was closed");
        } catch (ProtocolException e) {
            throw new ApiException(new ApiError(
                    HttpStatus.BAD_GATEWAY_502, "BadResponse", "what " + runnerId + " sent is " + e.getMessage()));
        } catch (IOException e) {
            throw noResponse(e.getMessage());
        }
    }

    private ApiException noResponse(@Nullable String why) {
        return new ApiException(new ApiError(
                HttpStatus.BAD_GATEWAY_502,
                "NoResponse",
                runnerId + " was reached, but gave no response: " + why + "; is its Wolf running?"));
    }

    /** Whether this is the end of HTTP. */
    private boolean begin(Head head) throws ApiException {
        boolean switches = head.status() == HttpStatus.SWITCHING_PROTOCOLS_101;
        if (switches && !WolfRequest.wantsUpgrade(request)) {
            throw noResponse("it switched protocols, unasked");
        }
        HopByHop hopByHop = HopByHop.of(head.fields());
        HttpFields.Mutable fields = response.getHeaders();
        for (HttpField field : head.fields()) {
            if (switches || !hopByHop.contains(field)) {
                fields.add(field);
            }
        }
        response.setStatus(head.status());
        return switches;
    }

    private void content(WolfResponse answer) throws IOException {
        if (!answer.moreIsHere()) {
            write(BufferUtil.EMPTY_BUFFER);
        }
        ByteBuffer content;
        while ((content = answer.nextContent()) != null) {
            write(content);
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        try (Blocker.Callback written = Blocker.callback()) {
            response.write(false, bytes, written);
            written.block();
        }
    }

    private void upgrade(ByteBuffer early) {
        UpgradedConnection.after(
                request, caller -> new Splice(caller, new PrefixedStream(early, wolf), UNCOUNTED, UNCOUNTED).run());
        response.write(true, BufferUtil.EMPTY_BUFFER, Callback.from(callback::succeeded, failure -> {
            wolf.close();
            callback.failed(failure);
        }));
    }
}
