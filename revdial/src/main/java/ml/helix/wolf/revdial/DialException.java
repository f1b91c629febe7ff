package ml.helix.wolf.revdial;

import java.io.IOException;

/** A dial led to no stream. */
public final class DialException extends IOException {
    private static final long serialVersionUID = 1;

    private final DialFailure failure;

    public DialException(String runnerId, DialFailure failure) {
        super(failure.message(runnerId));
        this.failure = failure;
    }

    /** What kind of failure it was. */
    public DialFailure failure() {
        return failure;
    }
}
