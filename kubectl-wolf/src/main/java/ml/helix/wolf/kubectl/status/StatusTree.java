package ml.helix.wolf.kubectl.status;

import java.time.Instant;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import ml.helix.wolf.kubectl.output.Lines;
import ml.helix.wolf.kubectl.output.Style;
import ml.helix.wolf.program.Printable;

/** WolfTunnels as a tree for a person: each WolfTunnel, its nodes, and what to do. Used once. */
public final class StatusTree {
    private static final String BRANCH = "├─ ";
    private static final String LAST_BRANCH = "└─ ";
    private static final String BAR = "│    ";
    private static final String NO_BAR = "     ";

    private final Advice advice;
    private final Style style;
    private final int columns;
    private final Instant now;
    private final StringBuilder text = new StringBuilder();

    /** @param columns where to break lines; 0 for nowhere */
    public StatusTree(Advice advice, Style style, int columns, Instant now) {
        this.advice = advice;
        this.style = style;
        this.columns = columns;
        this.now = now;
    }

    public String of(List<WolfTunnel> wolfTunnels) {
        for (WolfTunnel wolfTunnel : wolfTunnels) {
            if (!text.isEmpty()) {
                text.append('\n');
            }
            append(wolfTunnel);
        }
        return text.toString();
    }

    private void append(WolfTunnel wolfTunnel) {
        text.append(style.strong(wolfTunnel.namespace() + "/" + wolfTunnel.name()));
        append(wolfTunnel.summary());
        append(wolfTunnel.wolf().isEmpty() ? "" : "Wolf " + wolfTunnel.wolf());
        append(String.join(", ", wolfTunnel.urls()));
        text.append('\n');
        boolean leaf = wolfTunnel.tunnels().isEmpty();
        String bar = leaf ? "   " : "│  ";
        appendReady(wolfTunnel, bar);
        Set<String> advised = new HashSet<>();
        Iterator<Tunnel> tunnels = wolfTunnel.tunnels().iterator();
        var widths = Widths.of(wolfTunnel.tunnels());
        while (tunnels.hasNext()) {
            Tunnel tunnel = tunnels.next();
            boolean last = !tunnels.hasNext() && wolfTunnel.omittedTunnels() == 0;
            append(wolfTunnel, tunnel, last, widths, advised);
        }
        if (wolfTunnel.omittedTunnels() > 0) {
            text.append(LAST_BRANCH)
                    .append(wolfTunnel.omittedTunnels())
                    .append(" more nodes, which the status leaves out; they are not worse than these\n");
        }
    }

    private void append(String part) {
        if (!part.isEmpty()) {
            text.append("  ").append(Printable.of(part));
        }
    }

    private void appendReady(WolfTunnel wolfTunnel, String bar) {
        if (wolfTunnel.observedGeneration() < 0) {
            text.append(bar)
                    .append(style.warning("No operator has seen it yet."))
                    .append('\n');
            lines(
                    bar,
                    "→ ",
                    "Does an operator run, and does it serve this namespace? kubectl get pods -A -l"
                            + " app.kubernetes.io/name=wolf-tunnel-operator");
            return;
        }
        if (!wolfTunnel.isCurrent()) {
            text.append(bar)
                    .append(style.warning("The operator has not seen the newest change yet."))
                    .append('\n');
        }
        Condition ready = wolfTunnel.ready();
        if (ready.isTrue()) {
            if (!ready.reason().equals("Connected")) {
                text.append(bar)
                        .append(style.good("ready: " + Printable.of(ready.reason())))
                        .append('\n');
                lines(bar, "", Printable.of(ready.message()));
            }
            return;
        }
        text.append(bar)
                .append(style.bad("not ready: " + Printable.of(ready.reason())))
                .append(style.faint(whoActs(wolfTunnel)))
                .append('\n');
        boolean shownBelow =
                wolfTunnel.tunnels().stream().anyMatch(tunnel -> tunnel.reason().equals(ready.reason()));
        if (!shownBelow) {
            lines(bar, "", Printable.of(ready.message()));
            lines(bar, "→ ", advice.about(ready.reason(), wolfTunnel.name()));
        }
    }

    private static String whoActs(WolfTunnel wolfTunnel) {
        if (wolfTunnel.condition("Stalled").isTrue()) {
            return " (somebody must act)";
        } else if (wolfTunnel.condition("Reconciling").isTrue()) {
            return " (in progress)";
        } else {
            return " (recovers by itself)";
        }
    }

    private void append(WolfTunnel wolfTunnel, Tunnel tunnel, boolean last, Widths widths, Set<String> advised) {
        String state = Lines.pad(Printable.of(tunnel.state()), widths.state());
        text.append(last ? LAST_BRANCH : BRANCH)
                .append(Lines.pad(Printable.of(tunnel.place()), widths.place()))
                .append("  ")
                .append(tunnel.isConnected() ? style.good(state) : style.bad(state));
        if (widths.reason() > 0) {
            text.append("  ").append(style.warning(Lines.pad(Printable.of(tunnel.reason()), widths.reason())));
        }
        text.append("  ").append(style.faint(Age.of(tunnel.since(), now))).append('\n');
        String bar = last ? NO_BAR : BAR;
        lines(bar, "", Printable.of(tunnel.message()));
        if (advised.add(tunnel.reason())) {
            lines(bar, "→ ", advice.about(tunnel.reason(), wolfTunnel.name()));
        }
    }

    private void lines(String bar, String mark, String what) {
        if (what.isEmpty()) {
            return;
        }
        String indent = mark;
        for (String line : Lines.wrap(what, columns == 0 ? 0 : columns - bar.length() - mark.length())) {
            text.append(bar).append(indent).append(line).append('\n');
            indent = " ".repeat(mark.length());
        }
    }

    /** The widths of the columns. */
    private record Widths(int place, int state, int reason) {
        static Widths of(List<Tunnel> tunnels) {
            return new Widths(
                    widest(tunnels.stream()
                            .map(tunnel -> Printable.of(tunnel.place()))
                            .toList()),
                    widest(tunnels.stream().map(Tunnel::state).toList()),
                    widest(tunnels.stream().map(Tunnel::reason).toList()));
        }

        private static int widest(List<String> texts) {
            return texts.stream().mapToInt(String::length).max().orElse(0);
        }
    }
}
