package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LogLimitTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private final ListAppender<ILoggingEvent> written = new ListAppender<>();
    private final Logger log = LoggerFactory.getLogger("ml.helix.wolf.Limited");

    @BeforeEach
    void limit() {
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        context.addTurboFilter(new LogLimit(now::get));
        written.setContext(context);
        written.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(written);
    }

    @AfterEach
    void restore() {
        Logs.configure(LogSettings.DEFAULT);
    }

    @Test
    void everNewIdsAreBoundedAndTheRestIsCounted() {
        for (int id = 0; id < 10_000; id++) {
            log.info("{} is connected", "wolf-" + id);
        }
        assertThat(count("wolf-")).isEqualTo(LogLimit.AT_ONCE);
        assertThat(lines()).endsWith("Too many log lines of one kind, the next ones are left out: {} is connected");

        pass(Duration.ofSeconds(10));
        log.info("another kind");
        assertThat(lines()).contains("9800 log lines were left out: {} is connected", "another kind");
    }

    @Test
    void oneThatIsNoisyTakesNothingFromTheOthers() {
        for (int i = 0; i < 1000; i++) {
            log.warn("{} answered no ping for {} s", "noisy", i);
        }
        log.warn("{} answered no ping for {} s", "calm", 45);
        assertThat(count("noisy")).isEqualTo(LogLimit.AT_ONCE_ABOUT_ONE);
        assertThat(count("calm")).isEqualTo(1);
    }

    @Test
    void aSteadyFloodIsWrittenAtTheRateThatIsPromised() {
        for (int second = 0; second < 100; second++) {
            for (int i = 0; i < 100; i++) {
                log.info("{} is connected", "wolf-" + second + "-" + i);
            }
            pass(Duration.ofSeconds(1));
        }
        assertThat(count("wolf-")).isBetween(LogLimit.AT_ONCE + 490L, LogLimit.AT_ONCE + 500L);
        assertThat(count("were left out")).isLessThanOrEqualTo(10);
        assertThat(count("are left out")).isEqualTo(1);
    }

    @Test
    void whatIsLessOftenIsWrittenInFull() {
        for (int i = 0; i < 1000; i++) {
            log.info("{} is connected", "wolf-1");
            pass(LogLimit.ABOUT_ONE);
        }
        assertThat(written.list).hasSize(1000);
    }

    @Test
    void whoDebugsGetsEveryLine() {
        ((ch.qos.logback.classic.Logger) log).setLevel(ch.qos.logback.classic.Level.DEBUG);
        for (int i = 0; i < 1000; i++) {
            log.debug("a stream of {}", "wolf-1");
        }
        assertThat(written.list).hasSize(1000);
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private List<String> lines() {
        return written.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private long count(String part) {
        return lines().stream().filter(line -> line.contains(part)).count();
    }
}
