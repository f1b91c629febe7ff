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
import ml.helix.wolf.controlplane.proxy.ResponseHead.Framing;
import ml.helix.wolf.controlplane.proxy.ResponseReader.Head;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.Splice;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
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
 * One request and its response over one dial. Both directions run at once, with one buffer each, so Wolf can't send what the
 * caller doesn't read. It has no time limit; it ends when the caller or Wolf goes away. A caller that goes away while the dial
 * waits withdraws the dial. DESIGN.md says more.
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
    private @Nullable RequestBody body;

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
     * @throws IOException if Wolf's response or the caller's body broke off
     */
    void run() throws IOException, InterruptedException {
        @Nullable ResponseReader upgraded;
        caller.setIdleTimeout(0);
        try (watch) {
            upgraded = relayOrRefuse();
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
            spliceUpgraded(upgraded);
        }
    }

    /** Returns a 101, after which both sides leave HTTP; null when the exchange is complete. */
    private @Nullable ResponseReader relayOrRefuse() throws IOException, InterruptedException {
        InputStream bytes = requestBytes();
        var upload = new Upload(bytes, watch);
        @Nullable ResponseReader upgraded = null;
        try {
            upgraded = relay(bytes, upload);
        } catch (ApiException e) {
            sendError(e.error());
        } finally {
            if (upgraded == null) {
                closeStream();
            }
            if (callerMaySendMore()) {
                upload.finish(caller);
            }
            RequestBody read = body;
            if (read != null) {
                read.close();
            }
        }
        return upgraded;
    }

    /** Also begins to watch the caller while the dial waits. */
    private InputStream requestBytes() {
        if (!RequestBody.follows(request)) {
            watch.start();
            return InputStream.nullInputStream();
        }
        return dial.isSettled() ? RequestBody.direct(request) : RequestBody.readAhead(request, watch);
    }

    /** A caller that waits for 100 (Continue) and gets an error sends no body. */
    private boolean callerMaySendMore() {
        return RequestBody.follows(request)
                && !(dial.isSettled() && wolf == null && request.getHeaders().contains(HttpHeader.EXPECT));
    }

    private void closeStream() {
        ByteStream stream = wolf;
        if (stream == null) {
            dial.withdraw();
        } else {
            stream.close();
        }
    }

    private @Nullable ResponseReader relay(InputStream bytes, Upload upload)
            throws ApiException, IOException, InterruptedException {
        ByteStream stream = awaitStream();
        wolf = stream;
        RequestBody known = requestBody(bytes);
        body = known;
        byte[] head = RequestHead.bytes(request, target.requestTarget(), known.length(), access);
        try {
            stream.write(head, 0, head.length);
        } catch (IOException e) {
            // Wolf may have responded before it read the request.
        }
        if (!known.isEmpty()) {
            upload.start(known.content(), stream);
        }
        var reader = new ResponseReader(stream, HttpMethod.HEAD.is(request.getMethod()));
        if (startResponse(awaitHead(reader))) {
            return reader;
        }
        relayContent(reader);
        caller.resetOnClose(false);
        return null;
    }

    /** The idle timeout holds while a chunked body is buffered. */
    private RequestBody requestBody(InputStream bytes) throws ApiException, IOException {
        caller.setIdleTimeout(idleTimeout);
        try {
            return RequestBody.of(request, bytes, memory);
        } finally {
            caller.setIdleTimeout(0);
        }
    }

    private ByteStream awaitStream() throws ApiException, IOException, InterruptedException {
        try {
            return dial.await();
        } catch (DialException e) {
            throwIfCallerHasGone();
            throw new ApiException(ApiError.of(e));
        }
    }

    private Head awaitHead(ResponseReader reader) throws ApiException, IOException {
        try {
            return reader.awaitHead();
        } catch (EOFException e) {
            throwIfCallerHasGone();
            throw noResponse("the connection was closed");
        } catch (ProtocolException e) {
            throw badResponse(e);
        } catch (IOException e) {
            throwIfCallerHasGone();
            throw noResponse(e.getMessage());
        }
    }

    private void throwIfCallerHasGone() throws IOException {
        IOException departure = watch.departure();
        if (departure != null) {
            throw departure;
        }
    }

    private ApiException noResponse(@Nullable String reason) {
        return badGateway(
                "NoResponse",
                target.runnerId() + " was reached, but gave no response: " + reason + "; is its Wolf running?");
    }

    private ApiException badResponse(IOException reason) {
        return badGateway("BadResponse", "what " + target.runnerId() + " sent is " + reason.getMessage());
    }

    private static ApiException badGateway(String code, String message) {
        return new ApiException(new ApiError(HttpStatus.BAD_GATEWAY_502, code, message));
    }

    /** Prepares the caller's response; returns whether it is a 101. */
    private boolean startResponse(Head head) throws ApiException {
        boolean upgrade = head.status() == HttpStatus.SWITCHING_PROTOCOLS_101;
        if (upgrade && !RequestHead.wantsUpgrade(request)) {
            throw noResponse("it switched protocols without being asked");
        }
        response.setStatus(head.status());
        if (upgrade) {
            response.getHeaders().add(head.fields());
            return true;
        }
        boolean http11 = HttpVersion.HTTP_1_1.is(request.getConnectionMetaData().getProtocol());
        var forCaller = ResponseHead.of(head, HttpMethod.HEAD.is(request.getMethod()), http11);
        response.getHeaders().add(forCaller.fields());
        if (forCaller.framing() == Framing.CONNECTION_END) {
            caller.resetOnClose(true);
        }
        watch.startsResponse(forCaller.framing() == Framing.CHUNKED);
        return false;
    }

    private void relayContent(ResponseReader reader) throws ApiException, IOException {
        if (!reader.hasBufferedBytes()) {
            write(BufferUtil.EMPTY_BUFFER);
        }
        ByteBuffer content;
        while ((content = nextContent(reader)) != null) {
            write(content);
        }
    }

    private @Nullable ByteBuffer nextContent(ResponseReader reader) throws ApiException, IOException {
        try {
            return reader.nextContent();
        } catch (IOException e) {
            throwIfCallerHasGone();
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

    private void sendError(ApiError error) throws IOException {
        response.reset();
        caller.resetOnClose(false);
        watch.startsResponse(/* chunked= */ false);
        watch.write(
                /* content= */ true, () -> {
                    try (Blocker.Callback written = Blocker.callback()) {
                        error.send(response, written);
                        written.block();
                    }
                });
    }

    private void spliceUpgraded(ResponseReader reader) {
        ByteStream stream = wolf;
        if (stream == null) {
            throw new IllegalStateException("a response without a stream");
        }
        var rest = new PrefixedStream(reader.afterHead(), stream, () -> caller.resetOnClose(true));
        UpgradedConnection.after(request, left -> new Splice(left, rest, UNCOUNTED, UNCOUNTED).run());
        response.write(true, BufferUtil.EMPTY_BUFFER, Callback.from(callback::succeeded, failure -> {
            stream.close();
            callback.failed(failure);
        }));
    }
}
