package ml.helix.wolf.agent.notice;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where an operator wants to hear that something has changed.
 *
 * @param id under which it knows this agent
 */
record NoticeAddress(InetSocketAddress operator, String id) {
    private static final Pattern FORM =
            Pattern.compile("(\\d[\\d.]{0,15}|\\[[0-9a-fA-F:.]{2,45}]):([1-9]\\d{0,4}) ([A-Za-z0-9-]{1,64})");

    /**
     * Reads {@code 10.0.0.7:8081 ID}. Anybody may send it, so it says little: empty unless it is an address of another host, by
     * number. Only a caller on this host may name this host.
     */
    static Optional<NoticeAddress> parse(String text, InetAddress caller) {
        var parts = FORM.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        int port = Integer.parseInt(parts.group(2));
        try {
            var ip = InetAddress.ofLiteral(parts.group(1).replaceAll("[\\[\\]]", ""));
            boolean refused = port > 65_535
                    || ip.isAnyLocalAddress()
                    || ip.isMulticastAddress()
                    || ip.isLinkLocalAddress()
                    || (ip.isLoopbackAddress() && !caller.isLoopbackAddress());
            return refused
                    ? Optional.empty()
                    : Optional.of(new NoticeAddress(new InetSocketAddress(ip, port), parts.group(3)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
