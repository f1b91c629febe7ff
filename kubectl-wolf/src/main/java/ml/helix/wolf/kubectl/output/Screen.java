package ml.helix.wolf.kubectl.output;

import java.io.PrintStream;
import java.util.Map;

/**
 * Where a command prints.
 *
 * @param out for what was asked for
 * @param err for errors and progress
 * @param style the colours of {@code out}
 * @param live whether {@code err} is a terminal, on which a line can be written again
 * @param columns the width of the terminal; 0 if {@code out} is none
 */
public record Screen(PrintStream out, PrintStream err, Style style, boolean live, int columns) {

    /**
     * What the launcher has found out: the JVM itself can't tell whether standard output alone is a terminal. Colours follow
     * NO_COLOR (no-color.org) and TERM.
     */
    public static Screen of(PrintStream out, PrintStream err, Map<String, String> environment) {
        int columns = number(environment.getOrDefault("KUBECTL_WOLF_COLUMNS", "0"));
        boolean colours = columns > 0
                && environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Screen(
                out,
                err,
                colours ? Style.COLOURED : Style.PLAIN,
                environment.getOrDefault("KUBECTL_WOLF_LIVE", "").equals("true"),
                columns);
    }

    private static int number(String text) {
        return text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    }
}
