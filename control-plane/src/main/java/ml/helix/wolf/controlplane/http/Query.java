package ml.helix.wolf.controlplane.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;

/** Reads the query of a request. */
public final class Query {
    /** What Jetty puts in place of escapes that are not UTF-8. */
    private static final String REPLACEMENT_CHARACTER = "\uFFFD";

    private Query() {}

    /**
     * The parameters, decoded. A value may have U+FFFD in place of an escape that isn't UTF-8.
     *
     * @throws ApiException 400 if an escape is broken
     */
    public static Fields fields(Request request) throws ApiException {
        try {
            return Request.extractQueryParameters(request);
        } catch (IllegalArgumentException e) {
            throw notUtf8();
        }
    }

    /**
     * The parameters, decoded.
     *
     * @throws ApiException 400 if an escape is broken, or one in a value is not UTF-8
     */
    public static Fields utf8Fields(Request request) throws ApiException {
        Fields fields = fields(request);
        boolean decoded = fields.stream()
                .flatMap(field -> field.getValues().stream())
                .noneMatch(value -> value.contains(REPLACEMENT_CHARACTER));
        if (!decoded) {
            throw notUtf8();
        }
        return fields;
    }

    /**
     * The parameters with their values, decoded, in the order in which they came.
     *
     * @throws ApiException 400 if an escape is broken or not UTF-8
     */
    public static Map<String, List<String>> of(Request request) throws ApiException {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        for (Fields.Field field : utf8Fields(request)) {
            if (field.getName().contains(REPLACEMENT_CHARACTER)) {
                throw notUtf8();
            }
            parameters.put(field.getName(), List.copyOf(field.getValues()));
        }
        return parameters;
    }

    private static ApiException notUtf8() {
        return new ApiException(ApiError.badRequest("the query's escapes must be UTF-8"));
    }
}
