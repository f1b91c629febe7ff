package ml.helix.wolf.kubectl.controlplane;

import java.net.URI;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Set;

/** A request to the local port, and what becomes of it. Pure. */
record LocalRequest(Head head) {
    private static final Set<String> OWN = Set.of("host", "connection", "keep-alive", "proxy-connection");

    /**
     * Why it isn't forwarded, after the status; empty if it is. A web page that the user looks at must not reach Wolf, neither by a
     * name that leads here (its Host) nor from its own origin.
     */
    String refusal() {
        if (!head.start().matches("[A-Z]+ (/\\S*|\\*) HTTP/1\\.[01]")) {
            return "400 not an HTTP/1.1 request for a path";
        } else if (!isLoopback("http://" + head.field("Host"))) {
            return "421 the request's Host is not 127.0.0.1 or localhost";
        }
        String origin = head.field("Origin");
        return origin.isEmpty() || isLoopback(origin) ? "" : "403 a web page of another origin may not reach Wolf";
    }

    private static boolean isLoopback(String url) {
        try {
            String host = URI.create(url).getHost();
            return host != null && Set.of("127.0.0.1", "localhost", "[::1]").contains(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The request to the control plane. */
    Head forwarded(ControlPlane controlPlane, String id) {
        String[] parts = head.start().split(" ");
        boolean upgrade = head.field("Connection").toLowerCase(Locale.ROOT).contains("upgrade");
        var fields = new ArrayList<String>();
        fields.add("Host: " + controlPlane.endpoint().authority());
        fields.add(controlPlane.tokenField());
        fields.add("Connection: " + (upgrade ? "Upgrade" : "close"));
        head.fields().stream()
                .filter(field -> OWN.stream().noneMatch(name -> Head.isNamed(field, name)))
                .filter(field -> !ControlPlane.isTokenField(field))
                .forEach(fields::add);
        return new Head(
                parts[0] + " " + controlPlane.endpoint().path() + Instances.proxied(id, parts[1]) + " HTTP/1.1",
                fields);
    }
}
