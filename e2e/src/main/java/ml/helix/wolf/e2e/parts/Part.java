package ml.helix.wolf.e2e.parts;

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

/** Plays the part that {@code E2E_PART} names until it is killed; {@code sweep} is done when it has swept. */
public final class Part {
    private Part() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> environment = System.getenv();
        String part = environment.getOrDefault("E2E_PART", "wolf");
        if (part.equals("sweep")) {
            sweep(Path.of(required(environment, "FOLDER")));
            return;
        }
        switch (part) {
            case "wolf" -> wolf(environment);
            case "tls-front" ->
                TlsFront.start(
                        address(required(environment, "LISTEN")),
                        Path.of(required(environment, "KEY_STORE")),
                        address(required(environment, "TARGET")));
            case "mute-agent" -> MuteAgent.start(address(required(environment, "AGENT_LISTEN")));
            default -> throw new IllegalArgumentException("no part is called " + part);
        }
        System.out.println(part + " plays");
        try (ServerSocket ready = ready(environment)) {
            System.out.println("ready at " + ready.getLocalSocketAddress());
            new CountDownLatch(1).await();
        }
    }

    /** For a probe: a port that is bound once the part plays. Nothing is said there. */
    private static ServerSocket ready(Map<String, String> environment) throws IOException {
        return new ServerSocket(Integer.parseInt(environment.getOrDefault("READY_PORT", "0")));
    }

    /**
     * A Wolf at {@code LISTEN}, or at the socket {@code WOLF_SOCKET_PATH} with the mode {@code SOCKET_MODE}; the one at an
     * address behaves as {@code BEHAVIOUR} says.
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

    /** Removes a folder with the files in it. */
    private static void sweep(Path folder) throws IOException {
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
