package ml.helix.wolf.playground.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Prints the demo for a person, in 100 columns; longer lines are cut. Thread-safe. */
final class Screen {
    private static final int COLUMNS = 100;
    private static final int TAIL = 12;

    private final PrintStream out;
    private final long startedNanos = System.nanoTime();

    Screen(PrintStream out) {
        this.out = out;
    }

    /** The title of a step, after an empty line; never cut. */
    synchronized void heading(String title) {
        out.printf("%n%s%n", title);
    }

    synchronized void line(String text) {
        out.println(fitted("  " + text));
    }

    /** A command as one would type it; never cut, so that it can be copied. */
    synchronized void command(String text) {
        out.println("  $ " + text);
    }

    /** A line that a command prints. */
    synchronized void output(String text) {
        out.println(fitted("    " + text));
    }

    /** What has just been checked, and when. */
    synchronized void checked(String text) {
        String mark = "  ok  " + text;
        String at = "%.1f s".formatted(seconds());
        out.println(fitted(mark + " ".repeat(Math.max(1, COLUMNS - mark.length() - at.length())) + at));
    }

    /** A row of the table of the demo's parts. */
    synchronized void row(String name, String address, String note) {
        out.println(fitted("  %-14s %-23s %s".formatted(name, address, note)));
    }

    /** The last lines of a log file. */
    synchronized void tail(Path log) {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            out.printf("%n  the end of %s:%n", log);
            lines.subList(Math.max(0, lines.size() - TAIL), lines.size())
                    .forEach(line -> out.println("    " + line.strip()));
        } catch (IOException e) {
            out.printf("%n  %s can't be read%n", log);
        }
    }

    /** Seconds since the start. */
    double seconds() {
        return (System.nanoTime() - startedNanos) / 1e9;
    }

    private static String fitted(String text) {
        return text.length() <= COLUMNS ? text : text.substring(0, COLUMNS - 3) + "...";
    }
}
