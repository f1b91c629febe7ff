package ml.helix.wolf.revdial;

/**
 * Where to pick up a data connection: a checked {@code connPath} of a conn-ready. It can only lead to the server that
 * the control connection goes to, so the token may be sent there.
 *
 * @param raw as the server sent it, for the echo
 */
public record ConnPath(String raw) {
    private static final String SHORT = "/revdial";
    private static final String FULL = "/api/v1/revdial";

    /**
     * Checks and wraps.
     *
     * @throws PickupFailure unless it is a plain path with an optional query: exactly one leading {@code /}; visible
     *     ASCII without backslash and {@code #}; whole percent escapes; no {@code .} or {@code ..} segment, escaped ones
     *     included
     */
    public static ConnPath parse(String raw) throws PickupFailure {
        String problem = problem(raw);
        if (!problem.isEmpty()) {
            throw new PickupFailure("connPath refused: " + problem);
        }
        return new ConnPath(raw);
    }

    public ConnPath {
        String problem = problem(raw);
        if (!problem.isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
    }

    /**
     * The request target below the control plane's own path prefix: the first {@code /revdial} becomes
     * {@code /api/v1/revdial}, as Helix's {@code api/pkg/revdial/client.go} has it, unless it begins with that already.
     */
    public String target() {
        int at = raw.indexOf(SHORT);
        return raw.startsWith(FULL) || at < 0 ? raw : raw.substring(0, at) + FULL + raw.substring(at + SHORT.length());
    }

    @Override
    public String toString() {
        return raw;
    }

    private static String problem(String raw) {
        if (!raw.startsWith("/") || raw.startsWith("//")) {
            return "it must begin with exactly one /";
        }
        if (!raw.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '\\' && c != '#')) {
            return "it holds a character that doesn't belong in a path";
        }
        int query = raw.indexOf('?');
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < (query < 0 ? raw.length() : query); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                int value = i + 2 < raw.length() ? hex(raw.charAt(i + 1)) * 16 + hex(raw.charAt(i + 2)) : -1;
                if (value < 0) {
                    return "it holds a broken % escape";
                }
                c = (char) value;
                i += 2;
            }
            path.append(c);
        }
        for (String segment : path.toString().split("[/\\\\]", -1)) {
            if (segment.equals(".") || segment.equals("..")) {
                return "it holds a . or .. segment";
            }
        }
        return "";
    }

    private static int hex(char c) {
        int digit = Character.digit(c, 16);
        return digit < 0 ? -1000 : digit;
    }
}
