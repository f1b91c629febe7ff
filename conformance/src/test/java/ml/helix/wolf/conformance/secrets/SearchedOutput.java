package ml.helix.wolf.conformance.secrets;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Passes bytes on and collects the lines that contain a secret. */
final class SearchedOutput extends OutputStream {
    private final PrintStream to;
    private final List<String> seen;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(); // guarded by this

    SearchedOutput(PrintStream to, List<String> seen) {
        this.to = to;
        this.seen = seen;
    }

    @Override
    public synchronized void write(int one) {
        to.write(one);
        line.write(one);
        if (one == '\n') {
            Secrets.note(line.toString(StandardCharsets.UTF_8), seen);
            line.reset();
        }
    }

    @Override
    public void flush() {
        to.flush();
    }
}
