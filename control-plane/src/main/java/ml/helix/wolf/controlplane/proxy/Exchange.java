package ml.helix.wolf.controlplane.proxy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.dialing.Dial;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import ml.helix.wolf.controlplane.http.PrefixedStream;
import ml.helix.wolf.controlplane.http.UpgradedConnection;
import ml.helix.wolf.controlplane.proxy.ResponseReader.Head;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.Splice;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Blocker;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its response over one dial, both ways at once and with one buffer each: what the caller doesn't read
 * Wolf can't send. It lasts as long as it lasts; the first of caller and Wolf to go away ends it. A caller that goes away
 * while the dial waits withdraws it.
 */
final class Exchange {
    private static final LongConsumer UNCOUNTED = count -> {};
    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final ProxyTarget target;
    private final Dial dial;
    private final AdminAccess access;
    private final BodyMemory memory;
    private final PeerEndPoint caller;
    private final long idleTimeout;
    private final CallerWatch watch;
    private @Nullable ByteStream wolf;
    private @Nullable RequestBody content;

    /**
     * @param dial belongs to the exchange from now on
     * @param access keeps the admin token from Wolf
     * @param memory for a chunked body
     */
    Exchange(
            Request request,
            Response response,
            Callback callback,
            ProxyTarget target,
            Dial dial,
            AdminAccess access,
            BodyMemory memory) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.target = target;
        this.dial = dial;
        this.access = access;
        this.memory = memory;
        this.caller = PeerEndPoint.beneath(request);
        this.idleTimeout = caller.getIdleTimeout();
        this.watch = CallerWatch.of(request, dial::withdraw);
    }

    /**
     * Completes the request, unless it throws.
     *
     * @throws IOException where Wolf's response broke off, or the caller's body
     */
    void run() throws IOException, InterruptedException {
        @Nullable ResponseReader upgraded;
        caller.setIdleTimeout(0);
        try (watch) {
            upgraded = converse();
        } catch (IOException e) {
            if (watch.departure() == null || e instanceof HttpException) {
                throw e;
            }
            log.debug("The caller of {} has gone", target.requestTarget(), e);
            caller.close();
            upgraded = null;
        } finally {
            caller.setIdleTimeout(idleTimeout);
        }
        if (upgraded == null) {
            callback.succeeded();
        } else {
            upgrade(upgraded);
        }
    }

    /** Returns a response after which both sides leave HTTP, or null once all is said. */
    private @Nullable ResponseReader converse() throws IOException, InterruptedException {
        InputStream body = body();
        var upload = new Upload(body, watch);
        @Nullable ResponseReader upgraded = null;
        try {
            upgraded = relay(body, upload);
        } catch (ApiException e) {
            refuse(e.error());
        } finally {
            if (upgraded == null) {
                end();
            }
            if (mayHaveMore()) {
                upload.finish(caller);
            }
            RequestBody read = content;
            if (read != null) {
                read.close();
            }
        }
        return upgraded;
    }

    /** The request's body; it is read, and the caller is watched, while the dial waits. */
    private InputStream body() {
        if (!RequestBody.follows(request)) {
            watch.start();
            return InputStream.nullInputStream();
        }
        return dial.isSettled() ? RequestBody.direct(request) : RequestBody.ahead(request, watch);
    }

    /** A caller that was not told to send its body won't. */
    private boolean mayHaveMore() {
        return RequestBody.follows(request)
                && !(dial.isSettled() && wolf == null && request.getHeaders().contains(HttpHeader.EXPECT));
    }

    private void end() {
        ByteStream stream = wolf;
        if (stream == null) {
            dial.withdraw();
        } else {
            stream.close();
        }
    }

    private @Nullable ResponseReader relay(InputStream body, Upload upload)
            throws ApiException, IOException, InterruptedException {
        ByteStream stream = dial();
        wolf = stream;
        RequestBody known = known(body);
        content = known;
        byte[] head = RequestHead.head(request, target.requestTarget(), known.length(), access);
        try {
            stream.write(head, 0, head.length);
        } catch (IOException e) {
            // It may have answered before it took the request.
        }
        if (!known.isEmpty()) {
            upload.start(known.content(), stream);
        }
        var answer = new ResponseReader(stream, HttpMethod.HEAD.is(request.getMethod()));
        if (begin(awaitHead(answer))) {
            return answer;
        }
        relayContent(answer);
        caller.resetOnClose(false);
        return null;
    }

    /** A caller may not be idle while its chunked body is collected. */
    private RequestBody known(InputStream body) throws ApiException, IOException {
        caller.setIdleTimeout(idleTimeout);
        try {
            return RequestBody.of(request, body, memory);
        } finally {
            caller.setIdleTimeout(0);
        }
    }

    private ByteStream dial() throws ApiException, IOException, InterruptedException {
        try {
            return dial.await();
        } catch (DialException e) {
            throwIfGone();
            throw new ApiException(ApiError.of(e));
        }
    }

    private Head awaitHead(ResponseReader answer) throws ApiException, IOException {
        try {
            return answer.awaitHead();
        } catch (EOFException e) {
            throwIfGone();
            throw noResponse("the connection was closed");
        } catch (ProtocolException e) {
            throw badResponse(e);
        } catch (IOException e) {
            throwIfGone();
            throw noResponse(e.getMessage());
        }
    }

    private void throwIfGone() throws IOException {
        IOException departure = watch.departure();
        if (departure != null) {
            throw departure;
        }
    }

    private ApiException noResponse(@Nullable String why) {
        return new ApiException(new ApiError(
                HttpStatus.BAD_GATEWAY_502,
                "NoResponse",
                target.runnerId() + " was reached, but gave no response: " + why + "; is its Wolf running?"));
    }

    private ApiException badResponse(IOException why) {
        return new ApiException(new ApiError(
                HttpStatus.BAD_GATEWAY_502,
                "BadResponse",
                "what " + target.runnerId() + " sent is " + why.getMessage()));
    }

    /** Whether this is the end of HTTP. */
    private boolean begin(Head head) throws ApiException {
        boolean switches = head.status() == HttpStatus.SWITCHING_PROTOCOLS_101;
        if (switches && !RequestHead.wantsUpgrade(request)) {
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
        if (!switches) {
            frame(head.status(), fields);
        }
        return switches;
    }

    /** Sees to it that the caller can tell a whole body from one that broke off, whether or not the connection lasts. */
    private void frame(int status, HttpFields.Mutable fields) {
        if (status == HttpStatus.NO_CONTENT_204) {
            fields.remove(HttpHeader.CONTENT_LENGTH);
        }
        boolean hasBody = status != HttpStatus.NO_CONTENT_204
                && status != HttpStatus.NOT_MODIFIED_304
                && !HttpMethod.HEAD.is(request.getMethod());
        boolean unknownLength = hasBody && !fields.contains(HttpHeader.CONTENT_LENGTH);
        boolean chunked = unknownLength
                && HttpVersion.HTTP_1_1.is(request.getConnectionMetaData().getProtocol());
        if (chunked) {
            fields.put(HttpHeader.TRANSFER_ENCODING, HttpHeaderValue.CHUNKED.asString());
        } else if (unknownLength) {
            caller.resetOnClose(true);
        }
        watch.responding(chunked);
    }

    private void relayContent(ResponseReader answer) throws ApiException, IOException {
        if (!answer.moreIsHere()) {
            write(BufferUtil.EMPTY_BUFFER);
        }
        ByteBuffer content;
        while ((content = nextContent(answer)) != null) {
            write(content);
        }
    }

    private @Nullable ByteBuffer nextContent(ResponseReader answer) throws ApiException, IOException {
        try {
            return answer.nextContent();
        } catch (IOException e) {
            throwIfGone();
            if (response.isCommitted()) {
                throw e;
            }
            throw badResponse(e);
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        watch.write(bytes.hasRemaining(), () -> {
            try (Blocker.Callback written = Blocker.callback()) {
                response.write(false, bytes, written);
                written.block();
            }
        });
    }

    private void refuse(ApiError error) throws IOException {
        response.reset();
        caller.resetOnClose(false);
        watch.responding(/* chunked= */ false);
        watch.write(
                /* content= */ true, () -> {
                    try (Blocker.Callback written = Blocker.callback()) {
                        error.send(response, written);
                        written.block();
                    }
                });
    }

    private void upgrade(ResponseReader answer) {
        ByteStream stream = wolf;
        if (stream == null) {
            throw new IllegalStateException("a response without a stream");
        }
        var rest = new PrefixedStream(answer.afterHead(), stream, () -> caller.resetOnClose(true));
        UpgradedConnection.after(request, left -> new Splice(left, rest, UNCOUNTED, UNCOUNTED).run());
        response.write(true, BufferUtil.EMPTY_BUFFER, Callback.from(callback::succeeded, failure -> {
            stream.close();
            callback.failed(failure);
        }));
    }
}
