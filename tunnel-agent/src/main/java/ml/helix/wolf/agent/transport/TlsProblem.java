package ml.helix.wolf.agent.transport;

import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import javax.net.ssl.SSLException;
import ml.helix.wolf.agent.failure.FailureReason;
import ml.helix.wolf.agent.failure.TunnelException;
import org.jspecify.annotations.Nullable;

/** Explains a failed TLS handshake. */
final class TlsProblem {
    private TlsProblem() {}

    /** The failure to throw: a TlsFailure if TLS itself failed, the original if the wire broke. */
    static IOException explain(IOException failure, String host) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            @Nullable String problem = problem(cause, host);
            if (problem != null) {
                return new TunnelException(FailureReason.TLS_FAILURE, problem, failure);
            }
        }
        return failure instanceof SSLException
                ? new TunnelException(
                        FailureReason.TLS_FAILURE, "TLS with " + host + " failed: " + failure.getMessage(), failure)
                : failure;
    }

    private static @Nullable String problem(Throwable cause, String host) {
        String message = String.valueOf(cause.getMessage());
        return switch (cause) {
            case StrictTrustManager.RefusedException refused -> "the certificate of " + host + " " + message;
            case CertificateExpiredException expired ->
                "the certificate of " + host + " has expired (" + message + "); renew it, or check this clock";
            case CertificateNotYetValidException early ->
                "the certificate of " + host + " is not yet valid (" + message + "); check this clock";
            case CertPathBuilderException unknown ->
                "the certificate of " + host + " is from an unknown CA; put that CA into -ca-file (HELIX_CA_FILE)";
            case CertPathValidatorException invalid
            when !(invalid.getCause() instanceof CertificateException) ->
                "the certificate of " + host + " is from an unknown CA or its chain is broken (" + message
                        + "); put that CA into -ca-file (HELIX_CA_FILE)";
            case CertificateException wrong
            when message.startsWith("No name matching") || message.startsWith("No subject alternative") ->
                "the certificate is not for the name " + host + " (" + message + "); use the name it is for";
            case SSLException plain
            when message.startsWith("Unsupported or unrecognized SSL message") ->
                host + " does not speak TLS on this port; is its URL http://?";
            default -> null;
        };
    }
}
