package ml.helix.wolf.controlplane.store;

import java.util.regex.Pattern;
import org.postgresql.Driver;

/**
 * How to reach the database.
 *
 * @param url of JDBC; holds no secret
 * @param user empty for the database's default
 */
public record StoreSettings(String url, String user, StorePassword password) {
    private static final Pattern SECRET = Pattern.compile("password|//[^/?]*@", Pattern.CASE_INSENSITIVE);

    /** H2 in memory, for tests and trials: forgets everything at its end. */
    public static StoreSettings inMemory(String name) {
        return new StoreSettings("jdbc:h2:mem:" + name, "", new StorePassword.None());
    }

    /**
     * Checks a URL.
     *
     * @return the URL itself
     * @throws IllegalArgumentException with a message that continues the flag's name, and without the URL if that holds a
     *     password
     */
    public static String checkUrl(String url) {
        if (SECRET.matcher(url).find()) {
            throw new IllegalArgumentException(
                    "must not contain a user before @ or a password: set CONTROL_PLANE_STORE_USER, and"
                            + " CONTROL_PLANE_STORE_PASSWORD or a password file");
        }
        if (url.matches("jdbc:h2:(mem:[^;]+|file:(\\.{0,2}/|~/)[^;]+)(;.*)?")) {
            return url;
        }
        if (url.startsWith("jdbc:postgresql:") && Driver.parseURL(url, null) != null) {
            return url;
        }
        throw new IllegalArgumentException("must be jdbc:postgresql://host:port/database, jdbc:h2:file:/path or"
                + " jdbc:h2:file:./path, or jdbc:h2:mem:name; not '" + url + "'");
    }

    public boolean isPostgres() {
        return url.startsWith("jdbc:postgresql:");
    }

    boolean isInMemory() {
        return url.startsWith("jdbc:h2:mem:");
    }
}
