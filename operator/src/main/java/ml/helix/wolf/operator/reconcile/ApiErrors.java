package ml.helix.wolf.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.Set;

/** What an error of the API server means. */
final class ApiErrors {
    private static final Set<Integer> TRANSIENT = Set.of(401, 404, 408, 409, 410, 425, 429);

    private ApiErrors() {}

    /** Whether the same request may succeed a little later. */
    static boolean isTransient(KubernetesClientException e) {
        return !isAnswered(e) || e.getCode() >= 500 || TRANSIENT.contains(e.getCode());
    }

    /** Whether the API server has answered at all. */
    static boolean isAnswered(KubernetesClientException e) {
        return e.getCode() >= 400;
    }

    /** Whether a permission is missing, by an informer's error or by its cause. */
    static boolean isForbidden(Throwable failure) {
        var cause = failure instanceof KubernetesClientException ? failure : failure.getCause();
        return cause instanceof KubernetesClientException answer
                && answer.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
    }

    /** The API server's own sentence; without an answer, the client's. */
    static String message(KubernetesClientException e) {
        var status = e.getStatus();
        return status != null && status.getMessage() != null ? status.getMessage() : String.valueOf(e.getMessage());
    }
}
