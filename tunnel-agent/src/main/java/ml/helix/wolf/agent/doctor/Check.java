package ml.helix.wolf.agent.doctor;

import ml.helix.wolf.program.Printable;

/**
 * One hop and what became of it.
 *
 * @param detail what was seen, or what is wrong and what to do; no secrets
 */
record Check(String hop, Outcome outcome, String detail) {
    Check {
        detail = Printable.of(detail);
    }

    enum Outcome {
        OK("ok"),
        FAILED("FAILED"),
        SKIPPED("-");

        private final String word;

        Outcome(String word) {
            this.word = word;
        }

        /** As the table says it. */
        String word() {
            return word;
        }
    }
}
