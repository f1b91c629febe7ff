package ml.helix.wolf.controlplane.proxy;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * The fields of a message that concern one connection only and are not passed on: those of RFC 9110, section 7.6.1, and those
 * that the message's own {@code Connection} field names.
 */
final class HopByHop {
    private static final Set<String> ALWAYS = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private final Set<String> names;

    private HopByHop(Set<String> names) {
        this.names = names;
    }

    static HopByHop of(HttpFields fields) {
        Set<String> names = new HashSet<>(ALWAYS);
        List<String> named = fields.getCSV(HttpHeader.CONNECTION, false);
        named.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
        return new HopByHop(names);
    }

    boolean contains(HttpField field) {
        return names.contains(field.getLowerCaseName());
    }
}
