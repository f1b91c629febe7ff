package ml.helix.wolf.kubectl.cluster;

/** Paths of the API server to namespaced resources. */
public final class ResourcePath {
    /** The API group of Secrets, ConfigMaps, Services, pods and events. */
    public static final String CORE = "/api/v1";

    private ResourcePath() {}

    /** All of a namespace; {@code api} is {@code /api/v1} or {@code /apis/GROUP/VERSION}. */
    public static String of(String api, String namespace, String plural) {
        return api + "/namespaces/" + PathSegment.of(namespace) + "/" + plural;
    }

    /** One of them. */
    public static String of(String api, String namespace, String plural, String name) {
        return of(api, namespace, plural) + "/" + PathSegment.of(name);
    }
}
