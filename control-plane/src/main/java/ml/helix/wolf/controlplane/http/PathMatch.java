package ml.helix.wolf.controlplane.http;

import java.util.Map;
import java.util.Objects;

/**
 * What a request's path holds in the places that its route's template leaves open. Immutable.
 *
 * @param raw the parameters by their names, escaped as they came
 * @param rest what {@code **} stands for, from its slash on and escaped as it came; empty if the template has no {@code **}
 */
public record PathMatch(Map<String, String> raw, String rest) {

    public PathMatch {
        raw = Map.copyOf(raw);
    }

    /**
     * A parameter, decoded.
     *
     * @param name as the template has it
     * @throws ApiException 400 if its escapes are broken or not UTF-8
     */
    public String parameter(String name) throws ApiException {
        return PercentEncoding.decode(Objects.requireNonNull(raw.get(name), name));
    }
}
