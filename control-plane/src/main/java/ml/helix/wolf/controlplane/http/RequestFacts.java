package ml.helix.wolf.controlplane.http;

import org.eclipse.jetty.server.Request;

/**
 * What is found out about a request on its way, for those who report it when it is complete. Texts are empty as long as nothing
 * is known. Thread safe: written by the request's threads, read after its completion.
 */
public final class RequestFacts {
    private static final String ATTRIBUTE = RequestFacts.class.getName();

    private volatile Role role = Role.NONE;
    private volatile String name = "";
    private volatile String route = "";
    private volatile String id = "";
    private volatile String path = "";
    private volatile String instance = "";
    private volatile String dial = "";
    private volatile String error = "";

    /** With whose token a request came. */
    public enum Role {
        ADMIN,
        RUNNER,
        /** With none, or with one that isn't known. */
        NONE
    }

    private RequestFacts() {}

    public static RequestFacts of(Request request) {
        if (request.getAttribute(ATTRIBUTE) instanceof RequestFacts known) {
            return known;
        }
        var made = new RequestFacts();
        request.setAttribute(ATTRIBUTE, made);
        return made;
    }

    /** @param tokensName empty for a token without a name */
    public void askedBy(Role who, String tokensName) {
        role = who;
        name = tokensName;
    }

    /** The route was found. */
    void routed(PathTemplate template, PathMatch match) {
        route = template.toString();
        path = match.rest();
        String raw = match.raw().get("id");
        if (raw != null) {
            try {
                id = PercentEncoding.decode(raw);
            } catch (ApiException e) {
                id = raw;
            }
        }
    }

    /** The runner id that the request is about, where the path doesn't hold it. */
    public void about(String runnerId) {
        id = runnerId;
    }

    /**
     * It goes to that runner.
     *
     * @param dialId empty if the dial has no id
     */
    public void chosen(String runnerId, String dialId) {
        instance = runnerId;
        dial = dialId;
    }

    void failedWith(String code) {
        error = code;
    }

    public Role role() {
        return role;
    }

    public String name() {
        return name;
    }

    /** The path template; empty if no route matches. */
    public String route() {
        return route;
    }

    public String id() {
        return id;
    }

    /** What {@code **} of the route stands for: Wolf's path, escaped as it came, without the query. */
    public String path() {
        return path;
    }

    public String instance() {
        return instance;
    }

    /** What log lines of both sides name the dial by. */
    public String dial() {
        return dial;
    }

    /** The code of the error that was answered. */
    public String error() {
        return error;
    }
}
