package ml.helix.wolf.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The TCP sockets of this network namespace as Linux lists them in {@code /proc/net/tcp}. */
public final class TcpSockets {
    private static final int TICKS_PER_SECOND = 100;

    private TcpSockets() {}

    /**
     * Whether the socket with these ports has TCP keep-alive on and sends its first probe within this many seconds.
     *
     * @param local its own port
     * @param remote the peer's
     */
    public static boolean hasKeepAlive(int local, int remote, int seconds) throws IOException {
        return socket(local, remote)
                .map(columns -> columns.get(5).split(":"))
                .anyMatch(timer ->
                        timer[0].equals("02") && Long.parseLong(timer[1], 16) <= (long) seconds * TICKS_PER_SECOND);
    }

    private static Stream<List<String>> socket(int local, int remote) throws IOException {
        var all = Stream.<String>builder();
        for (String file : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            Files.readAllLines(Path.of(file)).forEach(all);
        }
        return all.build()
                .map(line -> Arrays.asList(line.strip().split("\\s+")))
                .filter(columns -> hasPort(columns.get(1), local) && hasPort(columns.get(2), remote));
    }

    private static boolean hasPort(String address, int port) {
        return address.endsWith(":%04X".formatted(port));
    }
}
