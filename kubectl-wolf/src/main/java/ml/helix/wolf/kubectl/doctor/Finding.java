package ml.helix.wolf.kubectl.doctor;

import ml.helix.wolf.program.Printable;

/**
 * What one check found.
 *
 * @param where what it is about: empty for the WolfTunnel, else the agent on a node
 * @param check what was checked, in a word or two
 * @param advice what to do; empty if there is nothing to do, or if the detail says it
 */
public record Finding(String where, String check, Outcome outcome, String detail, String advice) {
    public Finding {
        detail = Printable.of(detail);
        advice = Printable.of(advice);
    }

    /** How it ended. */
    public enum Outcome {
        /** It is as it should be. */
        ok,
        /** Somebody should look at it, but tunnels can be up nevertheless. */
        warning,
        /** This keeps tunnels from being up. */
        failed,
        /** It could not be checked, or there is nothing to check. */
        skipped
    }

    static Finding ok(String check, String detail) {
        return new Finding("", check, Outcome.ok, detail, "");
    }

    static Finding warning(String check, String detail, String advice) {
        return new Finding("", check, Outcome.warning, detail, advice);
    }

    static Finding failed(String check, String detail, String advice) {
        return new Finding("", check, Outcome.failed, detail, advice);
    }

    static Finding skipped(String check, String detail) {
        return new Finding("", check, Outcome.skipped, detail, "");
    }
}
