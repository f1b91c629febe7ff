package ml.helix.wolf.controlplane.proxy;

import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpStatus;

/**
 * The head of a response as the caller gets it: without hop-by-hop fields, and framed so that the caller can tell a complete
 * body from one that broke off.
 */
record ResponseHead(int status, HttpFields fields, Framing framing) {

    /** How the caller sees where the body ends. */
    enum Framing {
        /** By its length. There may be no body at all. */
        LENGTH,
        CHUNKED,
        /** By the end of the connection; a reset says that the body broke off. */
        CONNECTION_END
    }

    /**
     * @param toHead whether it responds to a HEAD request, and so has no body
     * @param chunks whether the caller understands chunks: HTTP/1.1
     */
    static ResponseHead of(ResponseReader.Head wolfs, boolean toHead, boolean chunks) {
        int status = wolfs.status();
        HopByHop hopByHop = HopByHop.of(wolfs.fields());
        HttpFields.Mutable fields = HttpFields.build();
        wolfs.fields().stream().filter(field -> !hopByHop.contains(field)).forEach(fields::add);
        if (status == HttpStatus.NO_CONTENT_204) {
            fields.remove(HttpHeader.CONTENT_LENGTH);
        }
        boolean hasBody = status != HttpStatus.NO_CONTENT_204 && status != HttpStatus.NOT_MODIFIED_304 && !toHead;
        if (!hasBody || fields.contains(HttpHeader.CONTENT_LENGTH)) {
            return new ResponseHead(status, fields, Framing.LENGTH);
        }
        if (chunks) {
            fields.put(HttpHeader.TRANSFER_ENCODING, HttpHeaderValue.CHUNKED.asString());
            return new ResponseHead(status, fields, Framing.CHUNKED);
        }
        return new ResponseHead(status, fields, Framing.CONNECTION_END);
    }
}
