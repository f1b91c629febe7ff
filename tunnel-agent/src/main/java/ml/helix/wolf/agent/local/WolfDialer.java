package ml.helix.wolf.agent.local;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import ml.helix.wolf.agent.failure.TunnelException;
import ml.helix.wolf.agent.transport.Deadline;
import ml.helix.wolf.agent.transport.Resolver;
import ml.helix.wolf.agent.transport.TcpDial;
import ml.helix.wolf.program.RetryPause;
import ml.helix.wolf.revdial.ByteStream;
import ml.helix.wolf.revdial.socket.SocketStream;

/** Connects to Wolf's API within {@value #SECONDS} s, by TCP or a UNIX socket. Keeps no state. Thread-safe. */
public final class WolfDialer implements Wolf {
    private static final int SECONDS = 5;

    private final WolfAddress address;
    private final Resolver resolver;
    private final ScheduledExecutorService timers;

    public WolfDialer(WolfAddress address, Resolver resolver, ScheduledExecutorService timers) {
        this.address = address;
        this.resolver = resolver;
        this.timers = timers;
    }

    @Override
    public ByteStream dial() throws WolfUnreachableException {
        var deadline = Deadline.in(Duration.ofSeconds(SECONDS), timers);
        return switch (address) {
            case WolfAddress.Tcp tcp -> dial(tcp, deadline);
            case WolfAddress.Unix unix -> dial(unix.path(), deadline);
        };
    }

    private ByteStream dial(WolfAddress.Tcp tcp, Deadline deadline) throws WolfUnreachableException {
        try {
            Socket socket = TcpDial.connect(resolver.resolve(tcp.host(), tcp.port(), deadline), deadline);
            return new SocketStream(socket);
        } catch (IOException e) {
            throw failure(
                    switch (e) {
                        case TunnelException name -> String.valueOf(name.getMessage());
                        case SocketTimeoutException late -> "no answer within " + SECONDS + " s";
                        case NoRouteToHostException nowhere -> "no route to it";
                        case ConnectException refused -> "refused; is Wolf running, and does its API listen there?";
                        default -> String.valueOf(e.getMessage());
                    },
                    e);
        }
    }

    private ByteStream dial(Path path, Deadline deadline) throws WolfUnreachableException {
        var retry = new RetryPause(System::nanoTime);
        try {
            while (true) {
                try {
                    return new ChannelStream(connect(UnixDomainSocketAddress.of(path)));
                } catch (IOException e) {
                    if (!queueIsFull(e) || deadline.hasPassed()) {
                        throw e;
                    }
                    Thread.sleep(retry.next());
                }
            }
        } catch (IOException e) {
            throw failure(explain(e, path), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("interrupted", e);
        }
    }

    /** Connects in non-blocking mode, because a blocking connect to a UNIX socket has no time-out. */
    private static SocketChannel connect(UnixDomainSocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.configureBlocking(false);
            if (!channel.connect(address)) {
                throw new ConnectException("not connected at once");
            }
            channel.configureBlocking(true);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** For a UNIX socket whose queue of connections is full, Linux returns EAGAIN; a TCP connect would wait. */
    private static boolean queueIsFull(IOException e) {
        return contains(e, "temporarily unavailable");
    }

    private static String explain(IOException e, Path path) {
        if (contains(e, "Permission denied")) {
            return "not permitted; run the agent as a user or in a group that may write to it"
                    + " (pod.securityContext: runAsUser, supplementalGroups)";
        }
        if (Files.notExists(path)) {
            Path folder = Objects.requireNonNullElse(path.getParent(), path);
            return Files.isDirectory(folder)
                    ? "there is no such socket; is Wolf running, and is WOLF_SOCKET_PATH this path?"
                    : "there is no folder " + folder + "; is it mounted into the pod?";
        }
        if (Files.isRegularFile(path) || Files.isDirectory(path)) {
            return "that is no socket; give the path of Wolf's socket itself";
        }
        if (e instanceof ConnectException) {
            return "nobody listens on it; Wolf has stopped and left the file behind";
        }
        return queueIsFull(e) ? "no answer within " + SECONDS + " s" : String.valueOf(e.getMessage());
    }

    private static boolean contains(IOException e, String words) {
        return String.valueOf(e.getMessage()).contains(words);
    }

    private WolfUnreachableException failure(String why, Throwable cause) {
        return new WolfUnreachableException("Wolf's API at " + address + " is not reachable: " + why, cause);
    }
}
