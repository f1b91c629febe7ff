package ml.helix.wolf.operator.apiserver;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Keeps what this process logs until {@link #close}. The log goes to standard error too. */
final class LogLines implements AutoCloseable {
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream copy = new ByteArrayOutputStream();

    LogLines() {
        System.setErr(new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int one) {
                        write(new byte[] {(byte) one}, 0, 1);
                    }

                    @Override
                    public void write(byte[] bytes, int from, int length) {
                        copy.write(bytes, from, length);
                        before.write(bytes, from, length);
                    }
                },
                true,
                StandardCharsets.UTF_8));
    }

    List<String> all() {
        return copy.toString(StandardCharsets.UTF_8).lines().toList();
    }

    List<String> warnings() {
        return all().stream()
                .filter(line -> line.matches("\\S+ (WARN|ERROR) .*"))
                .toList();
    }

    @Override
    public void close() {
        System.setErr(before);
    }
}
