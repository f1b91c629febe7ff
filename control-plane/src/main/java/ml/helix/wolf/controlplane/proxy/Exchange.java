package ml.helix.wolf.controlplane.proxy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.PeerEndPoint;
import ml.helix.wolf.controlplane.http.PrefixedStream;
import ml.helix.wolf.controlplane.http.RequestFacts;
import ml.helix.wolf.controlplane.http.UpgradedConnection;
import ml.helix.wolf.controlplane.proxy.Destinations.Destination;
import ml.helix.wolf.controlplane.proxy.ResponseHead.Framing;
import ml.helix.wolf.controlplane.proxy.ResponseReader.Head;
import ml.helix.wolf.controlplane.tracing.RequestTrace;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.DialException;
import ml.helix.wolf.revdial.EndedStreamException;
import ml.helix.wolf.revdial.Splice;
import ml.helix.wolf.revdial.StreamLog;
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
 * One request and its response. Both directions run at once, with one buffer each, so Wolf can't send what the caller doesn't
 * read. It has no time limit; it ends when the caller or Wolf goes away. A caller that goes away while the dial waits withdraws
 * the dial. A request that failed goes to the next destination if Wolf saw none of it, or if its method is idempotent and it
 * has no body. DESIGN.md says more.
 */
final class Exchange {
    /** RFC 9110, section 9.2.2. */
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private static final LongConsumer UNCOUNTED = count -> {};
    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final RequestTarget target;
    private final Destinations destinations;
    private final AdminAccess access;
    private final BodyMemory memory;
    private final RequestTrace trace;
    private final PeerEndPoint caller;
    private final CallerWatch watch;
    /** Written by the exchange's thread only. */
    private volatile Destination destination;

    private @Nullable ByteStream wolf;
    private @Nullable RequestBody body;

    /** A try without a response. */
    private static final class FailedTry extends Exception {
        private static final long serialVersionUID = 1;

        private final transient ApiError error;
        private final boolean mayRepeat;

        FailedTry(ApiError error, boolean mayRepeat) {
            super(error.message());
            this.error = error;
            this.mayRepeat = mayRepeat;
        }
    }

    /**
     * @param first belongs to the exchange from now on
     * @param access keeps the admin token from Wolf
     * @param memory for a chunked body
     */
    Exchange(
            Request request,
            Response response,
            Callback callback,
            RequestTarget target,
            Destinations destinations,
            Destination first,
            AdminAccess access,
            BodyMemory memory,
            RequestTrace trace) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.target = target;
        this.destinations = destinations;
        this.access = access;
        this.memory = memory;
        this.trace = trace;
        this.destination = first;
        noteDestination();
        this.caller = PeerEndPoint.beneath(request);
        this.watch = CallerWatch.of(request, () -> destination.dial().withdraw());
    }

    /**
     * Completes the request, unless it throws.
     *
     * @throws IOException if Wolf's response or the caller's body broke off
     */
    void run() throws IOException, InterruptedException {
        @Nullable ResponseReader upgraded;
        caller.idleTimeoutHolds(false);
        try (watch) {
            upgraded = relayOrRefuse();
        } catch (IOException e) {
            if (watch.departure() == null || e instanceof HttpException) {
                throw e;
            }
            log.debug("The caller of {} has gone", target.value(), e);
            caller.close();
            upgraded = null;
        } finally {
            caller.idleTimeoutHolds(true);
            trace.ends(response.getStatus(), RequestFacts.of(request).error());
        }
        if (upgraded == null) {
            callback.succeeded();
        } else {
            spliceUpgraded(upgraded);
        }
    }

    /** From now on the lines of this thread are about its dial. */
    private void noteDestination() {
        RequestFacts.of(request)
                .chosen(destination.runnerId(), destination.dial().id());
        trace.dials(destination.runnerId());
        about().set();
    }

    private StreamLog about() {
        return StreamLog.ofDial(destination.dial().id()).of(request.getHeaders().get("traceparent"));
    }

    /** Returns a 101, after which both sides leave HTTP; null when the exchange is complete. */
    private @Nullable ResponseReader relayOrRefuse() throws IOException, InterruptedException {
        InputStream bytes = requestBytes();
        var upload = new Upload(bytes, watch);
        @Nullable ResponseReader upgraded = null;
        try {
            upgraded = relayToFirstThatResponds(bytes, upload);
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
        return destination.dial().isSettled() ? RequestBody.direct(request) : RequestBody.readAhead(request, watch);
    }

    /** A caller that waits for 100 (Continue) and gets an error sends no body. */
    private boolean callerMaySendMore() {
        return RequestBody.follows(request)
                && !(destination.dial().isSettled()
                        && wolf == null
                        && request.getHeaders().contains(HttpHeader.EXPECT));
    }

    private void closeStream() {
        ByteStream stream = wolf;
        if (stream == null) {
            destination.dial().withdraw();
        } else {
            stream.close();
        }
    }

    private @Nullable ResponseReader relayToFirstThatResponds(InputStream bytes, Upload upload)
            throws ApiException, IOException, InterruptedException {
        while (true) {
            try {
                return relay(bytes, upload);
            } catch (FailedTry e) {
                trace.failed(e.error.code());
                throwIfCallerHasGone();
                Optional<Destination> next = destinations.after(destination, e.mayRepeat);
                if (next.isEmpty()) {
                    throw new ApiException(e.error);
                }
                closeStream();
                wolf = null;
                log.debug("{} goes to {} now: {}", target.value(), next.get().runnerId(), e.error.message());
                destination = next.get();
                noteDestination();
                throwIfCallerHasGone(); // it may have withdrawn the one before
            }
        }
    }

    private @Nullable ResponseReader relay(InputStream bytes, Upload upload)
            throws ApiException, FailedTry, IOException, InterruptedException {
        ByteStream stream = awaitStream();
        wolf = stream;
        RequestBody known = body != null ? body : requestBody(bytes);
        body = known;
        byte[] head = RequestHead.bytes(request, target.value(), known.length(), access, destinations, trace.asks());
        boolean seen = true;
        try {
            stream.write(head, 0, head.length);
        } catch (EndedStreamException e) {
            seen = false;
        } catch (IOException e) {
            // Wolf may have responded before it read the request.
        }
        if (!known.isEmpty() && seen) {
            upload.start(known.content(), stream);
        }
        var reader = new ResponseReader(stream, HttpMethod.HEAD.is(request.getMethod()));
        if (startResponse(reader, awaitHead(reader, !seen || (known.isEmpty() && isRepeatable())))) {
            return reader;
        }
        relayContent(reader);
        caller.resetOnClose(false);
        return null;
    }

    private boolean isRepeatable() {
        return IDEMPOTENT.contains(request.getMethod()) && !RequestHead.wantsUpgrade(request);
    }

    /** The idle timeout holds while a chunked body is buffered. */
    private RequestBody requestBody(InputStream bytes) throws ApiException, IOException {
        caller.idleTimeoutHolds(true);
        try {
            return RequestBody.of(request, bytes, memory);
        } finally {
            caller.idleTimeoutHolds(false);
        }
    }

    private ByteStream awaitStream() throws FailedTry, IOException, InterruptedException {
        try {
            ByteStream stream = destination.dial().await();
            trace.dialled(destination.dial());
            stream.logAs(about());
            return stream;
        } catch (DialException e) {
            trace.dialFailed(destination.dial(), e.failure().code());
            throw new FailedTry(ApiError.of(e), /* mayRepeat= */ true);
        }
    }

    /** @param mayRepeat whether the request may go to another destination if there is no response */
    private Head awaitHead(ResponseReader reader, boolean mayRepeat) throws ApiException, FailedTry, IOException {
        try {
            return reader.awaitHead();
        } catch (EOFException e) {
            throw new FailedTry(noResponse("the connection was closed"), mayRepeat);
        } catch (ProtocolException e) {
            throw badResponse(e);
        } catch (IOException e) {
            throw new FailedTry(noResponse(e.getMessage()), mayRepeat);
        }
    }

    private void throwIfCallerHasGone() throws IOException {
        IOException departure = watch.departure();
        if (departure != null) {
            throw departure;
        }
    }

    private ApiError noResponse(@Nullable String reason) {
        return badGateway(
                "NoResponse",
                destination.runnerId() + " was reached, but gave no response: " + reason + "; is its Wolf running?");
    }

    private ApiException badResponse(IOException reason) {
        return new ApiException(
                badGateway("BadResponse", "what " + destination.runnerId() + " sent is " + reason.getMessage()));
    }

    private static ApiError badGateway(String code, String message) {
        return new ApiError(HttpStatus.BAD_GATEWAY_502, code, message);
    }

    /** Prepares the caller's response; returns whether it is a 101. */
    private boolean startResponse(ResponseReader reader, Head head) throws ApiException {
        trace.answered(head.status());
        boolean upgrade = head.status() == HttpStatus.SWITCHING_PROTOCOLS_101;
        if (upgrade && !RequestHead.wantsUpgrade(request)) {
            throw new ApiException(noResponse("it switched protocols without being asked"));
        }
        response.setStatus(head.status());
        if (upgrade) {
            response.getHeaders().add(head.fields());
            destinations.mark(response.getHeaders(), destination);
            return true;
        }
        boolean http11 = HttpVersion.HTTP_1_1.is(request.getConnectionMetaData().getProtocol());
        var forCaller = ResponseHead.of(head, HttpMethod.HEAD.is(request.getMethod()), http11);
        response.getHeaders().add(forCaller.fields());
        destinations.mark(response.getHeaders(), destination);
        if (forCaller.framing() == Framing.CONNECTION_END) {
            caller.resetOnClose(true);
        }
        if (forCaller.framing() == Framing.CHUNKED) {
            response.setTrailersSupplier(reader::trailers);
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
        destinations.mark(response.getHeaders(), destination);
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
