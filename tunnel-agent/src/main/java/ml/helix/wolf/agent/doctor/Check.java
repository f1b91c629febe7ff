package ml.helix.wolf.agent.doctor;

import ml.helix.wolf.agent.transport.Hop;
import ml.helix.wolf.program.Printable;

/**
 * The outcome of one hop.
 *
 * @param detail what was found, or what is wrong and what to do; no secrets
 */
record Check(Hop hop, Outcome outcome, String detail) {
    Check {
        detail = Printable.of(detail);
    }

    boolean failed() {
        return outcome == Outcome.FAILED;
    }

    enum Outcome {
        OK("ok"),
        FAILED("FAILED"),
        SKIPPED("-");

        private final String word;

        Outcome(String word) {
            this.word = word;
        }

        /** The word in the table. */
        String word() {
            return word;
        }
    }
}
