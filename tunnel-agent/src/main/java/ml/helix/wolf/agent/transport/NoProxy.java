package ml.helix.wolf.agent.transport;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * NO_PROXY, as curl and Go read it: a comma list of {@code *}, names, addresses and CIDR blocks. A name covers itself and
 * its subdomains; with a leading dot or {@code *.} only the subdomains. All but CIDR blocks may have a port.
 */
record NoProxy(List<String> entries) {
    static NoProxy parse(String list) {
        return new NoProxy(Stream.of(list.split("[,\\s]+"))
                .map(entry -> entry.toLowerCase(Locale.ROOT))
                .filter(entry -> !entry.isEmpty())
                .toList());
    }

    /** Whether this target is reached without a proxy. */
    boolean covers(String host, int port) {
        String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
        return entries.stream().anyMatch(entry -> covers(entry, name, port));
    }

    private static boolean covers(String entry, String host, int port) {
        if (entry.equals("*")) {
            return true;
        }
        if (entry.contains("/")) {
            return inBlock(entry, host);
        }
        String name = entry;
        boolean bareIpv6 = entry.indexOf(':') != entry.lastIndexOf(':') && !entry.startsWith("[");
        int colon = bareIpv6 ? -1 : entry.lastIndexOf(':');
        if (colon > entry.indexOf(']')) {
            if (!entry.substring(colon + 1).equals(String.valueOf(port))) {
                return false;
            }
            name = entry.substring(0, colon);
        }
        name = name.replace("[", "").replace("]", "");
        Optional<InetAddress> address = Resolver.literal(name);
        if (address.isPresent()) {
            return Resolver.literal(host).equals(address);
        }
        String suffix = name.replaceFirst("^\\*?\\.", "");
        return host.endsWith("." + suffix) || suffix.equals(name) && host.equals(name);
    }

    private static boolean inBlock(String block, String host) {
        int slash = block.indexOf('/');
        Optional<InetAddress> network = Resolver.literal(block.substring(0, slash));
        Optional<InetAddress> address = Resolver.literal(host);
        String bits = block.substring(slash + 1);
        if (network.isEmpty() || address.isEmpty() || !bits.matches("\\d{1,3}")) {
            return false;
        }
        byte[] wanted = network.get().getAddress();
        byte[] given = address.get().getAddress();
        int length = Integer.parseInt(bits);
        if (wanted.length != given.length || length > wanted.length * 8) {
            return false;
        }
        for (int bit = 0; bit < length; bit++) {
            int mask = 0x80 >> bit % 8;
            if ((wanted[bit / 8] & mask) != (given[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }
}
