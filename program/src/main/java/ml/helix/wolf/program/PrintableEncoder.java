package ml.helix.wolf.program;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.LoggerContextVO;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;

/**
 * Makes all text of a log event that can come from outside {@link Printable}, then encodes it with another encoder. Such text
 * is in messages, exceptions' messages, key-value pairs and thread names.
 */
final class PrintableEncoder extends EncoderBase<ILoggingEvent> {
    private final Encoder<ILoggingEvent> encoder;

    /** @param encoder started and stopped by its own caller */
    PrintableEncoder(Encoder<ILoggingEvent> encoder) {
        this.encoder = encoder;
    }

    @Override
    public byte[] headerBytes() {
        return encoder.headerBytes();
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        return encoder.encode(new PrintableEvent(event));
    }

    @Override
    public byte[] footerBytes() {
        return encoder.footerBytes();
    }

    private static @Nullable String printable(@Nullable String text) {
        return text == null ? null : Printable.of(text);
    }

    private record PrintableEvent(ILoggingEvent event) implements ILoggingEvent {
        @Override
        public @Nullable String getThreadName() {
            return printable(event.getThreadName());
        }

        @Override
        public Level getLevel() {
            return event.getLevel();
        }

        @Override
        public @Nullable String getMessage() {
            return printable(event.getMessage());
        }

        /** None: the formatted message has them. */
        @Override
        public Object @Nullable [] getArgumentArray() {
            return null;
        }

        @Override
        public @Nullable String getFormattedMessage() {
            return printable(event.getFormattedMessage());
        }

        @Override
        public String getLoggerName() {
            return event.getLoggerName();
        }

        @Override
        public LoggerContextVO getLoggerContextVO() {
            return event.getLoggerContextVO();
        }

        @Override
        public @Nullable IThrowableProxy getThrowableProxy() {
            return PrintableThrowable.of(event.getThrowableProxy());
        }

        @Override
        public StackTraceElement[] getCallerData() {
            return event.getCallerData();
        }

        @Override
        public boolean hasCallerData() {
            return event.hasCallerData();
        }

        @Override
        public List<Marker> getMarkerList() {
            return event.getMarkerList();
        }

        @Override
        public Map<String, String> getMDCPropertyMap() {
            return event.getMDCPropertyMap();
        }

        @Override
        @SuppressWarnings("deprecation") // abstract nevertheless
        public Map<String, String> getMdc() {
            return event.getMDCPropertyMap();
        }

        @Override
        public long getTimeStamp() {
            return event.getTimeStamp();
        }

        @Override
        public int getNanoseconds() {
            return event.getNanoseconds();
        }

        @Override
        public Instant getInstant() {
            return event.getInstant();
        }

        @Override
        public long getSequenceNumber() {
            return event.getSequenceNumber();
        }

        @Override
        public @Nullable List<KeyValuePair> getKeyValuePairs() {
            List<KeyValuePair> pairs = event.getKeyValuePairs();
            return pairs == null
                    ? null
                    : pairs.stream()
                            .map(pair ->
                                    new KeyValuePair(Printable.of(pair.key), Printable.of(String.valueOf(pair.value))))
                            .toList();
        }

        @Override
        public void prepareForDeferredProcessing() {
            event.prepareForDeferredProcessing();
        }
    }

    private record PrintableThrowable(IThrowableProxy proxy) implements IThrowableProxy {
        static @Nullable IThrowableProxy of(@Nullable IThrowableProxy proxy) {
            return proxy == null ? null : new PrintableThrowable(proxy);
        }

        @Override
        public @Nullable String getMessage() {
            return printable(proxy.getMessage());
        }

        @Override
        public String getClassName() {
            return proxy.getClassName();
        }

        @Override
        public StackTraceElementProxy[] getStackTraceElementProxyArray() {
            return proxy.getStackTraceElementProxyArray();
        }

        @Override
        public int getCommonFrames() {
            return proxy.getCommonFrames();
        }

        @Override
        public @Nullable IThrowableProxy getCause() {
            return of(proxy.getCause());
        }

        @Override
        public IThrowableProxy[] getSuppressed() {
            return Stream.of(proxy.getSuppressed()).map(PrintableThrowable::new).toArray(IThrowableProxy[]::new);
        }

        @Override
        public boolean isCyclic() {
            return proxy.isCyclic();
        }
    }
}
