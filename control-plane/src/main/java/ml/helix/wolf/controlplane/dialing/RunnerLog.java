package ml.helix.wolf.controlplane.dialing;

import java.util.function.Consumer;
import ml.helix.wolf.revdial.RunnerEvent;
import ml.helix.wolf.revdial.RunnerEvent.Connected;
import ml.helix.wolf.revdial.RunnerEvent.Lost;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs which runners come and go. */
public final class RunnerLog implements Consumer<RunnerEvent> {
    private static final Logger log = LoggerFactory.getLogger(RunnerLog.class);

    @Override
    public void accept(RunnerEvent event) {
        switch (event) {
            case Connected connected -> log.info("{} is connected", connected.runnerId());
            case Lost lost ->
                log.info(
                        "A control connection of {} is over: {}",
                        lost.runnerId(),
                        lost.end().message());
        }
    }
}
