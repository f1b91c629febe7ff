package ml.helix.wolf.controlplane.routing;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How an instance is chosen among those of the asked zone. Ties go to the one that was chosen longest ago. */
public enum Strategy {
    /** The smallest share of its sessions in use, then the fewest streams. */
    LEAST_LOADED,
    /** Each in turn. */
    ROUND_ROBIN;

    /**
     * Reads {@code least-loaded} or {@code round-robin}.
     *
     * @throws IllegalArgumentException with a message that continues the setting's name
     */
    public static Strategy parse(String text) {
        return Arrays.stream(values())
                .filter(strategy -> strategy.word().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("must be "
                        + Arrays.stream(values()).map(Strategy::word).collect(Collectors.joining(" or "))
                        + ", not '" + text + "'"));
    }

    private String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
