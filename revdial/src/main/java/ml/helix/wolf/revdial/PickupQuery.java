package ml.helix.wolf.revdial;

/**
 * Which dial a {@code connPath} is about. The peer may have sent anything; what is missing is empty.
 *
 * @param dialerId names the dialer
 * @param requestId names the dial
 */
record PickupQuery(String dialerId, String requestId) {

    static PickupQuery of(String connPath) {
        return new PickupQuery(parameter(connPath, "revdial.dialer="), parameter(connPath, "revdial.req="));
    }

    private static String parameter(String connPath, String prefix) {
        for (String parameter : connPath.substring(connPath.indexOf('?') + 1).split("&", -1)) {
            if (parameter.startsWith(prefix)) {
                return parameter.substring(prefix.length());
            }
        }
        return "";
    }
}
