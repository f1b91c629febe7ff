package ml.helix.wolf.conformance.peer;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A Wolf API that the test scripts: it accepts connections on TCP or on a UNIX socket; the test sends and reads the bytes.
 *
 * <p>Thread-safe. Listens from its construction until {@link #close}, which closes each connection too.
 */
public final class ScriptedWolf implements Closeable {
    private final ServerSocketChannel listening;
    private final SocketAddress address;
    private final BlockingQueue<Stream> arrived = new LinkedBlockingQueue<>();
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger probes = new AtomicInteger();
    private volatile Script onConnection = arrived::add;

    /** Handles a connection. */
    @FunctionalInterface
    public interface Script {
        void run(Stream stream) throws IOException;
    }

    private ScriptedWolf(ServerSocketChannel listening) throws IOException {
        this.listening = listening;
        this.address = listening.getLocalAddress();
        Thread.ofVirtual().name("scripted-wolf").start(this::acceptAll);
    }

    /** On a free port of 127.0.0.1. */
    public static ScriptedWolf onLoopback() throws IOException {
        return at(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    }

    /** At this TCP address. */
    public static ScriptedWolf at(InetSocketAddress address) throws IOException {
        return new ScriptedWolf(ServerSocketChannel.open().bind(address, 1024));
    }

    /** At a UNIX socket, which must not exist yet. */
    public static ScriptedWolf at(Path socket) throws IOException {
        return new ScriptedWolf(
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket), 1024));
    }

    /** The address in the form of the agent's {@code -local}. */
    public String address() {
        return switch (address) {
            case InetSocketAddress tcp when tcp.getAddress().getAddress().length > 4 -> "[::1]:" + tcp.getPort();
            case InetSocketAddress tcp -> tcp.getAddress().getHostAddress() + ":" + tcp.getPort();
            default -> "unix://" + address;
        };
    }

    /** The port of a TCP address. */
    public int port() {
        return ((InetSocketAddress) address).getPort();
    }

    /** Waits for the next connection. */
    public Stream next() throws InterruptedException {
        Stream stream = arrived.poll(Connection.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (stream == null) {
            throw new AssertionError("the agent did not connect to Wolf within " + Connection.PATIENCE);
        }
        return stream;
    }

    /** Call before an agent starts: its first connection is a probe, which is closed and not given to the test. */
    public void expectProbe() {
        probes.incrementAndGet();
    }

    /** Waits until every expected probe has arrived. */
    public void awaitProbe() {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (probes.get() > 0) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no probe came within " + Connection.PATIENCE);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Runs this script for each later connection, on a thread of its own. If the script fails, the connection is closed. */
    public void onConnection(Script script) {
        onConnection = script;
    }

    /** Echoes the bytes of every connection. */
    public ScriptedWolf echoing() {
        onConnection(stream -> {
            stream.in().transferTo(stream.out());
            stream.close();
        });
        return this;
    }

    /** Stops listening and closes every connection. The file of a UNIX socket stays, as if Wolf was killed. */
    @Override
    public void close() throws IOException {
        listening.close();
        for (SocketChannel channel : open) {
            channel.close();
        }
    }

    private void acceptAll() {
        while (listening.isOpen()) {
            try {
                SocketChannel channel = listening.accept();
                open.add(channel);
                Stream stream = new Stream(channel);
                if (probes.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                    stream.closeQuietly();
                    continue;
                }
                Thread.ofVirtual().name("scripted-wolf-connection").start(() -> serve(stream));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Stream stream) {
        try {
            onConnection.run(stream);
        } catch (IOException e) {
            stream.closeQuietly();
        }
    }

    /** One connection of the agent to Wolf. Blocking; {@link #read} and {@link #readToEnd} fail after {@link Connection#PATIENCE}. */
    public static final class Stream implements Closeable {
        private final SocketChannel channel;

        private Stream(SocketChannel channel) {
            this.channel = channel;
        }

        public InputStream in() {
            return Channels.newInputStream(channel);
        }

        public OutputStream out() {
            return Channels.newOutputStream(channel);
        }

        public Stream write(byte[] bytes) throws IOException {
            out().write(bytes);
            return this;
        }

        /** Exactly this many bytes; fewer if the stream ends first. */
        public byte[] read(int length) throws IOException {
            return patiently(() -> in().readNBytes(length));
        }

        /** All bytes up to the end, which may be a reset. */
        public byte[] readToEnd() throws IOException {
            return patiently(() -> {
                var bytes = new ByteArrayOutputStream();
                try {
                    in().transferTo(bytes);
                } catch (IOException e) {
                    return bytes.toByteArray();
                }
                return bytes.toByteArray();
            });
        }

        /** Ends the outgoing direction; the other one stays open. */
        public void fin() throws IOException {
            channel.shutdownOutput();
        }

        /** Resets a TCP connection. */
        public void reset() throws IOException {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }

        private void closeQuietly() {
            try {
                channel.close();
            } catch (IOException e) {
                // It is closed all the same.
            }
        }

        private static byte[] patiently(Callable<byte[]> read) throws IOException {
            var task = new FutureTask<>(read);
            Thread.ofVirtual().name("scripted-wolf-read").start(task);
            try {
                return task.get(Connection.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                throw new AssertionError("Wolf could not read what it waited for within " + Connection.PATIENCE, e);
            } catch (ExecutionException e) {
                throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }
}
