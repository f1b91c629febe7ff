package ml.helix.wolf.controlplane.proxy;

import ml.helix.wolf.revdial.DialFailure;
import ml.helix.wolf.revdial.DialFailure.DialTimeout;
import ml.helix.wolf.revdial.DialFailure.MaxPendingDials;
import ml.helix.wolf.revdial.DialFailure.NoConnection;
import ml.helix.wolf.revdial.DialFailure.PickupFailed;
import ml.helix.wolf.revdial.DialFailure.ReconnectTimeout;
import ml.helix.wolf.revdial.DialFailure.Withdrawn;
import org.eclipse.jetty.http.HttpStatus;

/** The status that a caller gets for a dial that failed. */
final class DialStatus {
    private DialStatus() {}

    static int of(DialFailure failure) {
        return switch (failure) {
            case NoConnection ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
            case ReconnectTimeout ignored -> HttpStatus.GATEWAY_TIMEOUT_504;
            case MaxPendingDials ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
            case DialTimeout ignored -> HttpStatus.GATEWAY_TIMEOUT_504;
            case PickupFailed ignored -> HttpStatus.BAD_GATEWAY_502;
            // Nobody is there to read it.
            case Withdrawn ignored -> HttpStatus.SERVICE_UNAVAILABLE_503;
        };
    }
}
