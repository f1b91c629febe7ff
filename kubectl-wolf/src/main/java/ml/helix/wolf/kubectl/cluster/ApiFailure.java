package ml.helix.wolf.kubectl.cluster;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import ml.helix.wolf.kubectl.failure.Failure;

/** Says why the API server gave no answer. */
final class ApiFailure {
    private ApiFailure() {}

    static Failure of(String server, Throwable failure) {
        String what = "the cluster's API server " + server + " ";
        if (has(failure, UnresolvedAddressException.class) || has(failure, UnknownHostException.class)) {
            return new Failure(what + "has no address. Is it the right context (--context)?", failure);
        } else if (has(failure, HttpTimeoutException.class) || has(failure, TimeoutException.class)) {
            return new Failure(what + "does not answer in time. Is the cluster up? Is a VPN missing?", failure);
        } else if (has(failure, SSLException.class)) {
            return new Failure(
                    what + "has a certificate that the kubeconfig doesn't trust, or refuses its own: "
                            + innermost(failure),
                    failure);
        } else if (has(failure, ConnectException.class)) {
            return new Failure(
                    what + "can't be reached: nothing accepts connections there. Is the cluster up? Is it the right"
                            + " context (--context)?",
                    failure);
        }
        return new Failure(what + "can't be reached: " + innermost(failure), failure);
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> kind) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause).anyMatch(kind::isInstance);
    }

    static String innermost(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
