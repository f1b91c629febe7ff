package ml.helix.wolf.kubectl.status;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** How long ago something was, as kubectl writes it. */
public final class Age {
    private Age() {}

    /** For example 5s, 3m, 7h, 2d; empty if {@code since} is no time. */
    public static String of(String since, Instant now) {
        try {
            return of(Duration.between(Instant.parse(since), now));
        } catch (DateTimeParseException e) {
            return "";
        }
    }

    private static String of(Duration age) {
        if (age.toSeconds() < 0) {
            return "0s";
        } else if (age.toMinutes() < 2) {
            return age.toSeconds() + "s";
        } else if (age.toHours() < 2) {
            return age.toMinutes() + "m";
        } else if (age.toDays() < 2) {
            return age.toHours() + "h";
        } else {
            return age.toDays() + "d";
        }
    }
}
