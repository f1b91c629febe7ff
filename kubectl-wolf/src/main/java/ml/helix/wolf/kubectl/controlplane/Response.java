package ml.helix.wolf.kubectl.controlplane;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.List;

/** A response that is being read. {@link #close} ends its connection. Not thread-safe. */
public final class Response implements AutoCloseable {
    private static final int INTERIM = 200;

    private final Socket socket;
    private final Head head;
    private final int status;
    private final InputStream body;

    private Response(Socket socket, Head head, int status, InputStream body) {
        this.socket = socket;
        this.head = head;
        this.status = status;
        this.body = body;
    }

    /** Reads the head. The response takes the socket over. */
    static Response read(Socket socket, String method) throws IOException {
        var in = new BufferedInputStream(socket.getInputStream());
        Head head = Head.read(in);
        int status = status(head);
        while (status < INTERIM && status != 101) {
            head = Head.read(in);
            status = status(head);
        }
        return new Response(socket, head, status, body(in, head, status, method));
    }

    private static int status(Head head) throws IOException {
        String[] parts = head.start().split(" ", 3);
        if (!parts[0].startsWith("HTTP/1.") || parts.length < 2 || !parts[1].matches("[1-9][0-9]{2}")) {
            throw new IOException("what answers there speaks no HTTP");
        }
        return Integer.parseInt(parts[1]);
    }

    private static InputStream body(InputStream in, Head head, int status, String method) throws IOException {
        if (method.equals("HEAD") || status == 204 || status == 304) {
            return InputStream.nullInputStream();
        } else if (head.field("Transfer-Encoding").equalsIgnoreCase("chunked")) {
            return new ChunkedInput(in);
        }
        String length = head.field("Content-Length");
        if (length.isEmpty()) {
            return in;
        } else if (!length.matches("[0-9]{1,18}")) {
            throw new IOException("the response's Content-Length is no number");
        }
        return new OfLength(in, Long.parseLong(length));
    }

    public int status() {
        return status;
    }

    /** The status line. */
    public String statusLine() {
        return head.start();
    }

    /** The fields, each as it came. */
    public List<String> fields() {
        return head.fields();
    }

    /** A body that broke off ends with an IOException. */
    public InputStream body() {
        return body;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException _) {
            // it is over anyway
        }
    }

    private static final class OfLength extends BodyInput {
        OfLength(InputStream in, long length) {
            super(in, length);
        }

        @Override
        long nextPiece() {
            return 0;
        }
    }
}
