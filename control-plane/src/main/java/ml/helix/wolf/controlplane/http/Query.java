package ml.helix.wolf.controlplane.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;

/** Reads the query of a request. */
public final class Query {
    private static final String REPLACEMENT_CHARACTER = "\uFFFD";

    private Query() {}

    /**
     * The parameters with their values, decoded, in the order in which they came.
     *
     * @throws ApiException 400 if an escape is broken or not UTF-8
     */
    public static Map<String, List<String>> of(Request request) throws ApiException {
        Map<String, List<String>> parameters = new LinkedHashMap<>();
        try {
            for (Fields.Field field : Request.extractQueryParameters(request)) {
                parameters.put(field.getName(), List.copyOf(field.getValues()));
            }
        } catch (IllegalArgumentException e) {
            throw new ApiException(ApiError.badRequest("the query's escapes must be UTF-8"));
        }
        if (parameters.toString().contains(REPLACEMENT_CHARACTER)) {
            throw new ApiException(ApiError.badRequest("the query's escapes must be UTF-8"));
        }
        return parameters;
    }
}
