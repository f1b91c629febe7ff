package ml.helix.wolf.conformance.secrets;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Searches every line that a test of this module prints, and everything that this process logs at the most detailed level of
 * the programs, exceptions included. The first test that ends after a secret was found fails. The extension is registered
 * for all tests of the module (META-INF/services), so no test can forget it.
 */
public final class SecretLeakExtension implements BeforeAllCallback, AfterEachCallback {
    private static final AtomicBoolean INSTALLED = new AtomicBoolean();
    private static final List<String> SEEN = new CopyOnWriteArrayList<>();

    @Override
    public void beforeAll(ExtensionContext context) {
        if (INSTALLED.compareAndSet(false, true)) {
            install((LoggerContext) LoggerFactory.getILoggerFactory(), SEEN);
            System.setOut(new PrintStream(new SearchedOutput(System.out, SEEN), true));
            System.setErr(new PrintStream(new SearchedOutput(System.err, SEEN), true));
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (!SEEN.isEmpty()) {
            throw new AssertionError("a secret was printed, replaced by [secret] here: " + SEEN);
        }
    }

    /** Adds an appender that collects log events with a secret. What the other appenders print stays the same. */
    static void install(LoggerContext logs, List<String> seen) {
        Logger root = logs.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        for (var all = root.iteratorForAppenders(); all.hasNext(); ) {
            quieten(all.next());
        }
        var search = new AppenderBase<ILoggingEvent>() {
            @Override
            protected void append(ILoggingEvent event) {
                String text = event.getFormattedMessage() + " " + event.getKeyValuePairs()
                        + (event.getThrowableProxy() == null
                                ? ""
                                : ThrowableProxyUtil.asString(event.getThrowableProxy()));
                Secrets.note(event.getLoggerName() + ": " + text, seen);
            }
        };
        search.setContext(logs);
        search.start();
        root.addAppender(search);
        // The levels of the programs at -log-level trace: traces of libraries show headers, so they are never printed.
        root.setLevel(Level.WARN);
        logs.getLogger("ml.helix.wolf").setLevel(Level.TRACE);
        logs.getLogger("org.java_websocket").setLevel(Level.OFF);
    }

    private static void quieten(Appender<ILoggingEvent> appender) {
        var filter = new ThresholdFilter();
        filter.setLevel(Level.INFO.toString());
        filter.start();
        appender.addFilter(filter);
    }
}
