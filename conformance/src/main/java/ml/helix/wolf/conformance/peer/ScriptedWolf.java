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
 * The local API, as scripted: accepts connections, on TCP or on a UNIX socket, and leaves every byte to the test.
 *
 * <p>Thread-safe. Listens from its making until {@link #close}, which closes each connection too.
 */
public final class ScriptedWolf implements Closeable {
    private final ServerSocketChannel listening;
    private final SocketAddress address;
    private final BlockingQueue<Stream> arrived = new LinkedBlockingQueue<>();
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger probes = new AtomicInteger();
    private volatile Script onConnection = arrived::add;

    /** What to do with a connection. */
    @FunctionalInterface
    public interface Script {
        void run(Stream stream) throws IOException;
    }

    private ScriptedWolf(ServerSocketChannel listening) throws IOException {
        this.listening = listening;
        this.address = listening.getLocalAddress();
        Thread.ofVirtual().name("scripted-local").start(this::acceptAll);
    }

    /** At a free port of 127.0.0.1. */
    public static ScriptedWolf onLoopback() throws IOException {
        return at(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    }

    /** At that TCP address. */
    public static ScriptedWolf at(InetSocketAddress address) throws IOException {
        return new ScriptedWolf(ServerSocketChannel.open().bind(address, 1024));
    }

    /** At a UNIX socket that must not exist yet. */
    public static ScriptedWolf at(Path socket) throws IOException {
        return new ScriptedWolf(
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket), 1024));
    }

    /** As the agent's {@code -local} wants it. */
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

    /** The next connection. */
    public Stream next() throws InterruptedException {
        Stream stream = arrived.poll(Connection.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (stream == null) {
            throw new AssertionError("nobody dialled the local API within " + Connection.PATIENCE);
        }
        return stream;
    }

    /** An agent is about to start: its probe, the first connection that it makes, is nothing to a test. */
    public void expectProbe() {
        probes.incrementAndGet();
    }

    /** Waits until every expected probe has come. */
    public void awaitProbe() {
        long deadline = System.nanoTime() + Connection.PATIENCE.toNanos();
        while (probes.get() > 0) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no probe came within " + Connection.PATIENCE);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** From now on each connection is left to this, on a thread of its own; it is closed where the script fails. */
    public void onConnection(Script script) {
        onConnection = script;
    }

    /** Every connection's bytes come back to it. */
    public ScriptedWolf echoing() {
        onConnection(stream -> {
            stream.in().transferTo(stream.out());
            stream.close();
        });
        return this;
    }

    /** Closes everything; the file of a UNIX socket stays, as a killed Wolf leaves it. */
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
                Thread.ofVirtual().name("scripted-local-connection").start(() -> serve(stream));
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

    /** One connection of the agent to the local API. Blocking; {@link #read} and {@link #readToEnd} have a limit. */
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

        /** Exactly that many bytes; fewer where the stream ends first. */
        public byte[] read(int length) throws IOException {
            return patiently(() -> in().readNBytes(length));
        }

        /** All bytes up to the end, a reset included. */
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

        /** Ends this direction; the other may go on. */
        public void fin() throws IOException {
            channel.shutdownOutput();
        }

        /** Cuts a TCP connection by a reset. */
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
                // It is closed all the same, and nobody waits for it.
            }
        }

        private static byte[] patiently(Callable<byte[]> read) throws IOException {
            var task = new FutureTask<>(read);
            Thread.ofVirtual().name("scripted-local-read").start(task);
            try {
                return task.get(Connection.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                throw new AssertionError("the local API waited in vain for " + Connection.PATIENCE, e);
            } catch (ExecutionException e) {
                throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }
}
