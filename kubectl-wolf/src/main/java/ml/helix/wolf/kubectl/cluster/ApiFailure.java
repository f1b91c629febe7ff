package ml.helix.wolf.kubectl.cluster;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import ml.helix.wolf.kubectl.failure.Failure;

/** Says why the API server gave no answer. */
final class ApiFailure {
    private ApiFailure() {}

    static Failure of(String server, Throwable failure) {
        String what = "the cluster's API server " + server + " ";
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case UnresolvedAddressException _, UnknownHostException _ -> {
                    return new Failure(what + "has no address. Is it the right context (--context)?", failure);
                }
                case HttpTimeoutException _, TimeoutException _ -> {
                    return new Failure(what + "does not answer in time. Is the cluster up? Is a VPN missing?", failure);
                }
                case SSLException tls -> {
                    return new Failure(
                            what + "has a certificate that the kubeconfig doesn't trust, or refuses its own: "
                                    + tls.getMessage(),
                            failure);
                }
                default -> {}
            }
            if (cause instanceof ConnectException && cause.getCause() == null) {
                return new Failure(
                        what + "can't be reached: nothing accepts connections there. Is the cluster up? Is it the right"
                                + " context (--context)?",
                        failure);
            }
        }
        return new Failure(what + "can't be reached: " + innermost(failure), failure);
    }

    static String innermost(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
