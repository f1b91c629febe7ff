package ml.helix.wolf.controlplane.forward;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import ml.helix.wolf.program.ListenAddress;
import ml.helix.wolf.program.RunnerId;

/**
 * One item of {@code -forward}: a TCP port, and the runner id that each of its connections dials.
 *
 * @param address where to listen: on the loopback address if the item names none; port 0 lets the system choose
 * @param runnerId for example {@code wolf-gpu-1}
 */
public record Forward(InetSocketAddress address, String runnerId) {

    /**
     * Reads {@code 127.0.0.1:19001=wolf-gpu-1,…}. An item without an address, {@code :19001=…}, listens on the loopback
     * address, because the port gives access to Wolf's API without a token. All addresses are {@code 0.0.0.0} or {@code [::]}.
     *
     * @throws IllegalArgumentException if items are invalid; its message says for each what to write
     */
    public static List<Forward> list(String text) {
        List<Forward> forwards = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (String item : text.split(",", -1)) {
            try {
                forwards.add(one(item.strip()));
            } catch (IllegalArgumentException e) {
                problems.add(e.getMessage());
            }
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", problems));
        }
        return forwards;
    }

    private static Forward one(String item) {
        int equals = item.indexOf('=');
        if (equals <= 0 || equals == item.length() - 1) {
            throw new IllegalArgumentException(
                    "must be address=id, for example 127.0.0.1:19001=wolf-gpu-1, not '" + item + "'");
        }
        try {
            return new Forward(address(item.substring(0, equals)), id(item.substring(equals + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + item + "': " + e.getMessage(), e);
        }
    }

    private static InetSocketAddress address(String text) {
        try {
            return ListenAddress.parse(text.startsWith(":") ? "127.0.0.1" + text : text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the address " + e.getMessage(), e);
        }
    }

    private static String id(String text) {
        try {
            return RunnerId.check(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the id " + e.getMessage(), e);
        }
    }
}
