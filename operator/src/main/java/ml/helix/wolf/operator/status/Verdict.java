package ml.helix.wolf.operator.status;

/** One condition's content, before it is dated. */
record Verdict(String type, String status, String reason, String message) {
    static Verdict yes(String type, Reason reason, String message) {
        return new Verdict(type, "True", reason.name(), message);
    }

    static Verdict no(String type, String reason, String message) {
        return new Verdict(type, "False", reason, message);
    }

    static Verdict no(String type, Reason reason, String message) {
        return no(type, reason.name(), message);
    }

    static Verdict unknown(String type, String reason, String message) {
        return new Verdict(type, "Unknown", reason, message);
    }
}
