package ml.helix.wolf.crds.v1alpha1;

/**
 * The rules (CEL) for a control plane's URL, which are the same for one URL and for each of a list: calls on a string, and
 * the messages' ends.
 */
final class UrlRules {
    static final String HTTP = "matches('^https?://')";
    static final String SAY_HTTP =
            "begin with https:// or http:// (in place of wss:// and ws://), for example https://helix.example.com";

    static final String MORE_THAN_A_BASE = "matches(r'^https?://[^/?#]*@|[\\s?#]')";
    static final String SAY_A_BASE =
            "have no user, query, fragment or space, for example https://helix.example.com/prefix; the token goes into a"
                    + " Secret, see runnerToken.secretRef";

    static final String WITH_A_HOST = "matches(r'^https?://[^\\s?#@]*$')";
    static final String WITH_A_GOOD_HOST = "matches(r'^https?://" + Patterns.URL_HOST + "(:[^/]*)?(/|$)')";
    static final String SAY_A_HOST =
            "name a host, by its ASCII name or address, for example https://helix.example.com or https://[fd00::1]:8443";

    static final String WITH_A_PORT = "matches(r'^https?://" + Patterns.URL_HOST + ":[^/@?#]*(/|$)')";
    static final String WITH_A_GOOD_PORT = "matches(r'^https?://" + Patterns.URL_HOST + ":" + Patterns.PORT + "(/|$)')";
    static final String SAY_A_PORT = "its port must be between 1 and 65535";

    static final String WITH_BRACKETS = "matches(r'^https?://\\[" + Patterns.IPV6 + "\\]')";
    static final String SAY_BRACKETS = "the text in brackets is not an IPv6 address, such as fd00::1";

    static final String WITH_A_PATH = "matches(r'^https?://[^/\\s?#]+/[^\\s?#]*$')";
    static final String WITH_A_GOOD_PATH = "matches(r'^https?://[^/]+" + Patterns.PATH + "$')";
    static final String SAY_A_PATH = "have each other character in its path as %xx, a space as %20";

    static final String WITH_THE_ENDPOINT = "matches('/api/v1/revdial/*$')";
    static final String SAY_NO_ENDPOINT =
            "leave off /api/v1/revdial, which the agent adds, for example https://helix.example.com";

    /** The agent would take it for several URLs. */
    static final String A_LIST = "matches(',(?i:https?|wss?)://')";

    static final String SAY_NO_LIST =
            "a comma before another URL would begin a list: write each control plane as an item of urls, or the comma of a"
                    + " path as %2C";

    /** Follows "(" and a URL. Equal for two spellings of one URL. */
    static final String NORMALIZED =
            " + '/').lowerAscii().replace(':443/', '/').replace(':80/', '/').replace('//', '/').replace('//', '/')";

    private UrlRules() {}
}
