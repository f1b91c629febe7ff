package ml.helix.wolf.agent.report;

import ml.helix.wolf.agent.local.Wolf;
import ml.helix.wolf.agent.local.WolfUnreachableException;
import ml.helix.wolf.revdial.ByteStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wolf, whose every dial is reported; logs when it becomes unreachable and when it is back. Thread-safe. */
public final class WatchedWolf implements Wolf {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedWolf.class);

    private final Wolf wolf;
    private final Report report;

    public WatchedWolf(Wolf wolf, Report report) {
        this.wolf = wolf;
        this.report = report;
    }

    @Override
    public ByteStream dial() throws WolfUnreachableException {
        try {
            ByteStream stream = wolf.dial();
            if (report.wolf(true)) {
                LOG.info("Wolf's API is reachable");
            }
            return stream;
        } catch (WolfUnreachableException e) {
            if (report.wolf(false)) {
                LOG.warn("{}", e.getMessage());
            }
            throw e;
        }
    }

    /** Connects and hangs up, to see whether Wolf is there. */
    public void probe() {
        try {
            dial().close();
        } catch (WolfUnreachableException e) {
            LOG.debug("Probe: {}", e.getMessage());
        }
    }
}
