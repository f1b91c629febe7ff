package ml.helix.wolf.kubectl.output;

/**
 * Progress on standard error: on a terminal one line that changes, elsewhere a line for each change. Not thread-safe.
 */
public final class Progress implements AutoCloseable {
    private static final String ERASE = "\r\u001b[K";

    private final Screen screen;
    private String last = "";

    public Progress(Screen screen) {
        this.screen = screen;
    }

    /** @param seconds since the begin */
    public void show(String line, long seconds) {
        if (screen.live()) {
            int width = screen.columns() == 0 ? 79 : screen.columns() - 1;
            String text = line + " (" + seconds + "s)";
            screen.err().print(ERASE + (text.length() > width ? text.substring(0, width - 1) + "…" : text));
            screen.err().flush();
        } else if (!line.equals(last)) {
            screen.err().println(line + " (" + seconds + "s)");
        }
        last = line;
    }

    /** Removes the terminal's line. */
    public void clear() {
        if (screen.live() && !last.isEmpty()) {
            screen.err().print(ERASE);
            screen.err().flush();
        }
    }

    @Override
    public void close() {
        clear();
    }
}
