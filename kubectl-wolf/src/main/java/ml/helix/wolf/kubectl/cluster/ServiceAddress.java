package ml.helix.wolf.kubectl.cluster;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Service by the name that pods know it by: {@code NAME.NAMESPACE.svc}, with or without the cluster's domain. */
public record ServiceAddress(String namespace, String name) {
    private static final Pattern HOST = Pattern.compile("([a-z0-9-]+)\\.([a-z0-9-]+)\\.svc(\\.[a-z0-9.-]+)?\\.?");

    /** Empty if this is another kind of host. */
    public static Optional<ServiceAddress> of(String host) {
        Matcher matcher = HOST.matcher(host);
        return matcher.matches()
                ? Optional.of(new ServiceAddress(matcher.group(2), matcher.group(1)))
                : Optional.empty();
    }
}
