package ml.helix.wolf.program;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.SubstituteLoggerFactory;

/**
 * Sets where and how this process logs: to standard error, so that standard output stays a command's answer. Text from
 * outside is made {@link Printable}, and lines that repeat too often are left out and counted ({@link LogLimit}).
 */
public final class Logs {
    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z', UTC} %-5level %logger{0}: %msg%kvp{DOUBLE}"
            + of("dial") + of("traceparent") + "%n%ex{short}";

    /** What lines about one stream carry, and no others. */
    private static String of(String key) {
        return "%replace( " + key + "=%X{" + key + "}){' " + key + "=$', ''}";
    }

    private Logs() {}

    /** Replaces the configuration. The level is for the project's own lines; libraries log from WARN on. */
    public static void configure(LogSettings settings) {
        configure(context(), settings);
    }

    /** Drops a library's log lines of this name until {@link #configure} is called again. */
    public static void silence(String logger) {
        context().getLogger(logger).setLevel(Level.OFF);
    }

    /** While another thread initialises SLF4J, which takes some milliseconds, there are substitutes only. */
    private static LoggerContext context() {
        while (LoggerFactory.getILoggerFactory() instanceof SubstituteLoggerFactory) {
            LockSupport.parkNanos(1_000_000);
        }
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    /** Ends the process also if a library catches an OutOfMemoryError and only logs it. */
    private static final class Console extends ConsoleAppender<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            super.append(event);
            if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
                OutOfMemory.check(proxy.getThrowable());
            }
        }
    }

    static void configure(LoggerContext context, LogSettings settings) {
        context.reset();
        Encoder<ILoggingEvent> encoder =
                switch (settings.format()) {
                    case TEXT -> {
                        var text = new PatternLayoutEncoder();
                        text.setPattern(PATTERN);
                        yield text;
                    }
                    case JSON -> {
                        var json = new JsonEncoder();
                        json.setWithFormattedMessage(true);
                        json.setWithMessage(false);
                        json.setWithArguments(false);
                        json.setWithContext(false);
                        json.setWithSequenceNumber(false);
                        json.setWithNanoseconds(false);
                        yield json;
                    }
                };
        encoder.setContext(context);
        encoder.start();
        var printable = new PrintableEncoder(encoder);
        printable.setContext(context);
        printable.start();
        var console = new Console();
        console.setContext(context);
        console.setTarget("System.err");
        console.setEncoder(printable);
        console.start();
        Level own = Level.toLevel(settings.level().name());
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(own.isGreaterOrEqual(Level.WARN) ? own : Level.WARN);
        root.addAppender(console);
        context.getLogger("ml.helix.wolf").setLevel(own);
        context.addTurboFilter(new LogLimit(System::nanoTime));
    }
}
