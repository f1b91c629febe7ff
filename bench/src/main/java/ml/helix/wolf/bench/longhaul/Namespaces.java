package ml.helix.wolf.bench.longhaul;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The two network namespaces of Linux: this process is in the near one.
 *
 * @param far its name, as {@code ip netns} knows it
 */
record Namespaces(String far) {
    static final InetAddress NEAR_ADDRESS = InetAddress.ofLiteral("10.77.0.1");
    static final InetAddress FAR_ADDRESS = InetAddress.ofLiteral("10.77.0.2");

    /** Words before a command that is to run in the far one. */
    List<String> inFar() {
        return List.of("ip", "netns", "exec", far);
    }

    /** Joins them by a link. */
    void join(Link link) throws IOException, InterruptedException {
        TunDevice near = TunDevice.create("near");
        TunDevice other = TunDevice.create("far");
        run(List.of(), "ip link set far netns " + far);
        for (List<String> prefix : List.of(List.<String>of(), inFar())) {
            boolean isNear = prefix.isEmpty();
            String device = isNear ? "near" : "far";
            InetAddress own = isNear ? NEAR_ADDRESS : FAR_ADDRESS;
            InetAddress peer = isNear ? FAR_ADDRESS : NEAR_ADDRESS;
            run(prefix, "ip link set lo up");
            run(
                    prefix,
                    "ip address add %s peer %s dev %s".formatted(own.getHostAddress(), peer.getHostAddress(), device));
            // A queue that no burst overflows: packets are lost in the link, where they are counted.
            run(prefix, "ip link set %s up mtu 1500 txqueuelen 20000".formatted(device));
        }
        link.join(near, other);
    }

    /** Sets a value in both, such as {@code net/ipv4/tcp_congestion_control}. */
    void set(String setting, String value) throws IOException, InterruptedException {
        for (List<String> prefix : List.of(List.<String>of(), inFar())) {
            List<String> command = new ArrayList<>(prefix);
            command.addAll(List.of("sh", "-c", "echo '" + value + "' > /proc/sys/" + setting));
            run(command);
        }
    }

    /** Sets the first of these values that the system takes, and returns it. */
    Optional<String> setToFirst(String setting, List<String> values) throws InterruptedException {
        for (String value : values) {
            try {
                set(setting, value);
                return Optional.of(value);
            } catch (IOException e) {
                System.err.println("bench/long-haul: not with " + value + ": " + e);
            }
        }
        return Optional.empty();
    }

    private static void run(List<String> prefix, String words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(words.split(" ")));
        run(command);
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + output);
        }
    }
}
