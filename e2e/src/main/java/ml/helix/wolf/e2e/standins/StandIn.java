package ml.helix.wolf.e2e.standins;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import ml.helix.wolf.testkit.FakeWolf;

/** Runs the stand-in that {@code E2E_STAND_IN} names until it is killed; {@code remove-folder} ends by itself. */
public final class StandIn {
    private StandIn() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> environment = System.getenv();
        String standIn = environment.getOrDefault("E2E_STAND_IN", "wolf");
        if (standIn.equals("remove-folder")) {
            removeFolder(Path.of(required(environment, "FOLDER")));
            return;
        }
        switch (standIn) {
            case "wolf" -> wolf(environment);
            case "tls-proxy" ->
                TlsProxy.start(
                        address(required(environment, "LISTEN")),
                        Path.of(required(environment, "KEY_STORE")),
                        address(required(environment, "TARGET")));
            case "agent-without-status" -> AgentWithoutStatus.start(address(required(environment, "AGENT_LISTEN")));
            default -> throw new IllegalArgumentException("there is no stand-in " + standIn);
        }
        System.out.println(standIn + " runs");
        try (ServerSocket ready = ready(environment)) {
            System.out.println("ready at " + ready.getLocalSocketAddress());
            new CountDownLatch(1).await();
        }
    }

    /** A port for a tcpSocket probe; it is bound when the stand-in runs. */
    private static ServerSocket ready(Map<String, String> environment) throws IOException {
        return new ServerSocket(Integer.parseInt(environment.getOrDefault("READY_PORT", "0")));
    }

    /**
     * A Wolf at the socket {@code WOLF_SOCKET_PATH} with mode {@code SOCKET_MODE}, or else at {@code LISTEN} with the
     * behaviour {@code BEHAVIOUR}.
     */
    private static void wolf(Map<String, String> environment) throws Exception {
        String socket = environment.getOrDefault("WOLF_SOCKET_PATH", "");
        if (socket.isEmpty()) {
            FakeWolf.at(address(environment.getOrDefault("LISTEN", "0.0.0.0:8080")))
                    .start(FakeWolf.Behaviour.valueOf(environment.getOrDefault("BEHAVIOUR", "ANSWERS")));
            return;
        }
        FakeWolf.at(Path.of(socket)).start();
        Files.setPosixFilePermissions(
                Path.of(socket), PosixFilePermissions.fromString(environment.getOrDefault("SOCKET_MODE", "rwxr-xr-x")));
    }

    /** Removes a folder and the files in it. */
    private static void removeFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static String required(Map<String, String> environment, String name) {
        return Objects.requireNonNull(environment.get(name), () -> name + " is not set");
    }

    static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}
