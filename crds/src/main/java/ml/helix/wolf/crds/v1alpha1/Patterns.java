package ml.helix.wolf.crds.v1alpha1;

/**
 * Parts of the patterns (RE2) in the rules for URLs and addresses. The agent has the same grammar; one table of values
 * tests both.
 */
final class Patterns {
    /** A name in ASCII, or an IPv4 address. */
    static final String HOST = "[A-Za-z0-9._-]+";

    /** What may be an IPv6 address; {@code isIP} decides. */
    static final String IPV6 = "[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*";

    /** A host in a URL. */
    static final String URL_HOST = "(" + HOST + "|\\[" + IPV6 + "\\])";

    /** 1 to 65535, without leading zeros. A pattern, since the API server estimates the cost of {@code int()} as too high. */
    static final String PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

    /** A path of a URL (RFC 3986, section 3.3), possibly empty. */
    static final String PATH = "(/([A-Za-z0-9._~!$&()*+,;=:@\\x27-]|%[0-9A-Fa-f]{2})*)*";

    /** User and password of a URL (RFC 3986, section 3.2.1). */
    static final String USER = "([A-Za-z0-9._~!$&()*+,;=:\\x27-]|%[0-9A-Fa-f]{2})+";

    /** Default_Ignorable_Code_Point, as far as these are letters or marks. */
    static final String INVISIBLE =
            "\\x{034F}\\x{115F}\\x{1160}\\x{17B4}\\x{17B5}\\x{180B}-\\x{180D}\\x{180F}\\x{3164}\\x{FFA0}"
                    + "\\x{FE00}-\\x{FE0F}\\x{E0100}-\\x{E01EF}";

    /** A segment of a path in a rule of wolf.allow. */
    static final String ALLOWED_SEGMENT = "([A-Za-z0-9._~!$&\\x27()+,=:@-]+|\\*)";

    /** A label's name or value, not empty. */
    static final String LABEL = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

    /** The prefix of a label's key, but for its length. */
    static final String DNS_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

    private Patterns() {}
}
