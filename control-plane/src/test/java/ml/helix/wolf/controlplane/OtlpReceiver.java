package ml.helix.wolf.controlplane;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Takes traces by OTLP over HTTP in Protocol Buffers, and reads the spans out of them. */
final class OtlpReceiver implements AutoCloseable {
    private final HttpServer server;
    private final List<Span> spans = new CopyOnWriteArrayList<>();

    /** Ids in hex; the parent is empty for the first one of a trace. */
    record Span(String trace, String id, String parent, String name, List<String> attributes) {}

    OtlpReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", exchange -> {
            try (exchange) {
                // ExportTraceServiceRequest 1: ResourceSpans 2: ScopeSpans 2: Span
                fields(ByteBuffer.wrap(exchange.getRequestBody().readAllBytes()), (field, resource) -> {
                    if (field == 1) {
                        inner(resource, 2, scope -> inner(scope, 2, span -> spans.add(span(span))));
                    }
                });
                exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
                exchange.sendResponseHeaders(200, -1);
            }
        });
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    List<Span> spans() {
        return spans;
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private static Span span(ByteBuffer message) {
        var texts = new String[] {"", "", "", "", "", ""};
        List<String> attributes = new ArrayList<>();
        fields(message, (field, value) -> {
            switch (field) {
                case 1, 2, 4 -> texts[field] = HexFormat.of().formatHex(bytes(value));
                case 5 -> texts[field] = text(value);
                case 9 -> attributes.add(attribute(value));
                default -> {}
            }
        });
        return new Span(texts[1], texts[2], texts[4], texts[5], attributes);
    }

    /** Key=value for a text, the key alone for anything else. */
    private static String attribute(ByteBuffer message) {
        var attribute = new StringBuilder();
        fields(message, (field, value) -> {
            if (field == 1) {
                attribute.append(text(value));
            } else {
                inner(value, 1, text -> attribute.append('=').append(text(text)));
            }
        });
        return attribute.toString();
    }

    private static void inner(ByteBuffer message, int wanted, Consumer<ByteBuffer> each) {
        fields(message, (field, value) -> {
            if (field == wanted) {
                each.accept(value);
            }
        });
    }

    /** Calls it with each field that has a length; skips the others. */
    private static void fields(ByteBuffer message, BiConsumer<Integer, ByteBuffer> each) {
        ByteBuffer rest = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (rest.hasRemaining()) {
            long key = varint(rest);
            switch ((int) (key & 7)) {
                case 0 -> varint(rest);
                case 1 -> rest.position(rest.position() + 8);
                case 5 -> rest.position(rest.position() + 4);
                case 2 -> {
                    int length = (int) varint(rest);
                    each.accept((int) (key >>> 3), rest.slice(rest.position(), length));
                    rest.position(rest.position() + length);
                }
                default -> throw new IllegalArgumentException("no Protocol Buffers: key " + key);
            }
        }
    }

    private static long varint(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static byte[] bytes(ByteBuffer value) {
        byte[] bytes = new byte[value.remaining()];
        value.duplicate().get(bytes);
        return bytes;
    }

    private static String text(ByteBuffer value) {
        return new String(bytes(value), StandardCharsets.UTF_8);
    }
}
