package ml.helix.wolf.kubectl.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Base64;
import ml.helix.wolf.kubectl.failure.Failure;

/** A key of a Secret, as {@code [NAMESPACE/]NAME[:KEY]}. */
public record SecretKey(String namespace, String name, String key) {

    /** Reads it; what the text leaves out is the given one. */
    public static SecretKey parse(String text, String namespace, String key) throws Failure {
        if (!text.matches("([a-z0-9-]+/)?[a-z0-9.-]+(:[-._a-zA-Z0-9]+)?")) {
            throw new Failure(text + " does not name a key of a Secret: write [NAMESPACE/]NAME[:KEY]");
        }
        int slash = text.indexOf('/');
        int colon = text.indexOf(':');
        return new SecretKey(
                slash < 0 ? namespace : text.substring(0, slash),
                text.substring(slash + 1, colon < 0 ? text.length() : colon),
                colon < 0 ? key : text.substring(colon + 1));
    }

    /** The content of a key of a Secret. */
    public byte[] readSecret(Cluster cluster) throws Failure {
        JsonNode secret = cluster.read(
                "read the Secret " + namespace + "/" + name,
                ResourcePath.of(ResourcePath.CORE, namespace, "secrets", name));
        JsonNode value = secret.path("data").path(key);
        if (value.isMissingNode()) {
            throw new Failure("the Secret " + namespace + "/" + name + " has no key " + key);
        }
        return Base64.getDecoder().decode(value.asText());
    }
}
