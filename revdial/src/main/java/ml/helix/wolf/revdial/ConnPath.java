package ml.helix.wolf.revdial;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where to pick up a data connection: the checked {@code connPath} of a conn-ready. Only two paths are accepted,
 * {@code /revdial} and {@code /api/v1/revdial}, each with a query. So the token goes to the control plane's RevDial
 * endpoint and to no other path of its origin, whatever a proxy or another application there makes of escapes.
 *
 * @param raw as the server sent it, for the echo
 */
public record ConnPath(String raw) {
    /** The query holds visible ASCII without {@code #} and {@code \}. */
    private static final Pattern FORM = Pattern.compile("(?:/api/v1)?(/revdial\\?[!-~&&[^#\\\\]]+)");

    /**
     * Checks and wraps.
     *
     * @throws PickupException unless it is {@code /revdial?QUERY} or {@code /api/v1/revdial?QUERY}, with a query of visible
     *     ASCII without {@code #} and {@code \}
     */
    public static ConnPath parse(String raw) throws PickupException {
        if (!FORM.matcher(raw).matches()) {
            throw new PickupException("connPath refused: it must be /revdial?... or /api/v1/revdial?..., with a query"
                    + " of visible ASCII characters without # and \\");
        }
        return new ConnPath(raw);
    }

    public ConnPath {
        if (!FORM.matcher(raw).matches()) {
            throw new IllegalArgumentException("not checked by parse");
        }
    }

    /**
     * The request target below the control plane's own path prefix: {@code /api/v1/revdial} and the query. Helix's
     * {@code api/pkg/revdial/client.go} replaces the first {@code /revdial} the same way.
     */
    public String target() {
        Matcher matcher = FORM.matcher(raw);
        if (!matcher.matches()) {
            throw new IllegalStateException("checked by the constructor");
        }
        return "/api/v1" + matcher.group(1);
    }

    @Override
    public String toString() {
        return raw;
    }
}
