package ml.helix.wolf.program;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Which labels and zones a Wolf instance may have, for the agent, the WolfTunnel and the control plane alike. A label's key and
 * value follow Kubernetes' rules; a zone follows those of a label's value.
 */
public final class Labels {
    /** How many labels an instance may have: their text stays below 13 KiB. */
    public static final int MAX_COUNT = 32;

    private static final String DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final Pattern PREFIX = Pattern.compile(DNS_LABEL + "(\\." + DNS_LABEL + ")*");
    private static final int MAX_PREFIX = 253;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

    private Labels() {}

    /**
     * Reads {@code key=value,key=value}.
     *
     * @throws IllegalArgumentException with a message that continues the setting's name: {@code must ...}
     */
    public static Map<String, String> parse(String text) {
        var labels = new TreeMap<String, String>();
        for (String entry : text.split(",", -1)) {
            int equals = entry.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("must be key=value,key=value, for example gpu=ada,team=streaming");
            }
            if (labels.put(entry.substring(0, equals), entry.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("must name each key once");
            }
        }
        return check(labels);
    }

    /**
     * Checks the number of labels, each key and each value.
     *
     * @return a copy
     * @throws IllegalArgumentException as {@link #parse}
     */
    public static Map<String, String> check(Map<String, String> labels) {
        if (labels.size() > MAX_COUNT) {
            throw new IllegalArgumentException("must have at most " + MAX_COUNT + " labels, not " + labels.size());
        }
        labels.forEach((key, value) -> {
            checkKey(key);
            if (!value.isEmpty() && !NAME.matcher(value).matches()) {
                throw new IllegalArgumentException("must have values of at most 63 letters, digits, '-', '_' and '.',"
                        + " with a letter or digit at both ends, for example gpu=ada");
            }
        });
        return Map.copyOf(labels);
    }

    private static void checkKey(String key) {
        int slash = key.indexOf('/');
        boolean prefixIsGood = slash < 0
                || slash <= MAX_PREFIX
                        && PREFIX.matcher(key.substring(0, slash)).matches();
        if (!prefixIsGood || !NAME.matcher(key.substring(slash + 1)).matches()) {
            throw new IllegalArgumentException(
                    "must have keys as Kubernetes' labels: at most 63 letters, digits, '-', '_'"
                            + " and '.', for example team or example.com/team");
        }
    }

    /**
     * Checks a zone.
     *
     * @return the zone itself
     * @throws IllegalArgumentException with a message that continues its name: {@code must ...}
     */
    public static String checkZone(String zone) {
        if (!NAME.matcher(zone).matches()) {
            throw new IllegalArgumentException(
                    "must be 1 to 63 letters, digits, '-', '_' and '.', with a letter or digit"
                            + " at both ends, for example eu-1");
        }
        return zone;
    }
}
