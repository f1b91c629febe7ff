package ml.helix.wolf.bench.longhaul;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.helix.wolf.bench.figures.Figure;
import ml.helix.wolf.bench.figures.Metric;

/**
 * What limited a TCP connection, as its sender's kernel counts it (tcp_info, by {@code ss -ti}).
 *
 * @param sent bytes
 * @param busyMillis while there was something to send
 * @param receiveWindow share of that time in which the receiver's window was full
 * @param sendBuffer share of that time in which the sender's buffer was full, and all of it under way
 * @param congestionWindow bytes that may be under way now, as congestion control says
 */
record Limits(long sent, double busyMillis, double receiveWindow, double sendBuffer, double congestionWindow) {

    /** Of the connection to that port or from it that has sent most; empty if there is none. */
    static Optional<Limits> ofBusiest(List<String> prefix, String filter) throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of("ss", "-tinHO", "state", "established"));
        command.addAll(List.of(filter.split(" ")));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return busiest(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    /** @param lines of {@code ss}, one for each connection */
    static Optional<Limits> busiest(String lines) {
        return lines.lines().map(Limits::parse).max(Comparator.comparingLong(Limits::sent));
    }

    private static Limits parse(String line) {
        double busy = number(line, "busy:(\\d+)ms");
        return new Limits(
                (long) number(line, "bytes_sent:(\\d+)"),
                busy,
                busy == 0 ? 0 : number(line, "rwnd_limited:(\\d+)ms") / busy,
                busy == 0 ? 0 : number(line, "sndbuf_limited:(\\d+)ms") / busy,
                number(line, " cwnd:(\\d+)") * number(line, " mss:(\\d+)"));
    }

    private static double number(String line, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(line);
        return matcher.find() ? Double.parseDouble(matcher.group(1)) : 0;
    }

    /** Of a transfer of that name. */
    List<Figure> figures(String transfer) {
        return List.of(
                new Figure(Metric.less(transfer + ": send buffer full", "% of the time"), 100 * sendBuffer),
                new Figure(Metric.less(transfer + ": receive window full", "% of the time"), 100 * receiveWindow),
                new Figure(Metric.more(transfer + ": congestion window", "MiB"), congestionWindow / (1 << 20)));
    }
}
