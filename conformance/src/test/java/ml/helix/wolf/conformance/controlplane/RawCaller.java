package ml.helix.wolf.conformance.controlplane;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A caller that writes its request byte by byte, and applies HTTP/1's rules to the response. */
final class RawCaller {
    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d+)\r\n");

    private final Socket socket;

    /**
     * A response up to the end of its connection.
     *
     * @param reset whether the connection was reset
     */
    record Response(String text, boolean reset) {
        String head() {
            int end = text.indexOf("\r\n\r\n");
            return end < 0 ? text : text.substring(0, end + 4);
        }

        String body() {
            return text.substring(head().length());
        }

        int status() {
            return text.startsWith("HTTP/1.1 ") ? Integer.parseInt(text.substring(9, 12)) : 0;
        }

        /** Whether an HTTP client would take this for the complete response. */
        boolean isComplete() {
            String head = head().toLowerCase(Locale.ROOT);
            Matcher length = LENGTH.matcher(head);
            if (head.contains("\r\ntransfer-encoding: chunked\r\n")) {
                return body().endsWith("0\r\n\r\n");
            }
            return length.find() ? body().length() == Integer.parseInt(length.group(1)) : !reset;
        }
    }

    RawCaller(Socket socket) {
        this.socket = socket;
    }

    RawCaller send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        return this;
    }

    /** Ends its output; it can still read, as {@code nc -N} does. */
    RawCaller halfClose() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** Closes the connection: with a FIN, if nothing is left unread. */
    void close() throws IOException {
        socket.close();
    }

    /** Resets the connection. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Reads up to this text, and returns what it has read, the text included. */
    String readUpTo(String end) throws IOException {
        var read = new StringBuilder();
        while (read.indexOf(end) < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new AssertionError("the connection ended after: " + read);
            }
            read.append((char) next);
        }
        return read.toString();
    }

    Response readToEnd() throws IOException {
        var read = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(read);
            return new Response(read.toString(ISO_8859_1), false);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the connection did not end after: " + read.toString(ISO_8859_1), e);
        } catch (IOException e) {
            return new Response(read.toString(ISO_8859_1), true);
        }
    }
}
