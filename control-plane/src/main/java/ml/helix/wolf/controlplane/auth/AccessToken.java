package ml.helix.wolf.controlplane.auth;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import ml.helix.wolf.controlplane.http.RequestFacts;
import ml.helix.wolf.controlplane.http.RequestFacts.Role;
import ml.helix.wolf.program.Secret;
import org.eclipse.jetty.server.Request;

/**
 * A token and what it opens.
 *
 * @param name for a log; empty if it has none
 * @param ids which ids it opens; empty for all
 * @param readOnly whether it only lets a caller look: it reaches no Wolf and changes nothing
 */
public record AccessToken(String name, Secret secret, List<IdGlob> ids, boolean readOnly) {
    /** A shorter one could be guessed. */
    static final int SHORTEST = 16;

    private static final String ATTRIBUTE = AccessToken.class.getName();
    private static final int LONGEST_NAME = 64;
    private static final String READ = "read";
    private static final String FORM = "a line is TOKEN, or NAME TOKEN [ID-GLOB…], or NAME TOKEN read [ID-GLOB…]";

    public AccessToken {
        ids = List.copyOf(ids);
    }

    /** One that opens every id. */
    public static AccessToken of(Secret secret) {
        return new AccessToken("", secret, List.of(), false);
    }

    /** Notes that a request came with this token. */
    void admit(Request request, Role role) {
        request.setAttribute(ATTRIBUTE, this);
        RequestFacts.of(request).askedBy(role, name);
    }

    /** The token with which a request was admitted; empty for an open route, or if it was refused. */
    public static Optional<AccessToken> admitted(Request request) {
        return Optional.ofNullable((AccessToken) request.getAttribute(ATTRIBUTE));
    }

    /** Whether an agent of that id may connect with it, or a caller reach that id. */
    public boolean opens(String runnerId) {
        return ids.isEmpty() || ids.stream().anyMatch(glob -> glob.matches(runnerId));
    }

    /** Whether it opens every id. */
    public boolean opensAll() {
        return ids.isEmpty();
    }

    /**
     * Reads lines of {@code TOKEN}, {@code NAME TOKEN [ID-GLOB…]} or {@code NAME TOKEN read [ID-GLOB…]}; blank lines are
     * skipped.
     *
     * @return at least one
     * @throws IllegalArgumentException if a line is wrong; names the first one by its number, without its content
     */
    static List<AccessToken> list(String text) {
        List<AccessToken> tokens = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\\R", -1)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            AccessToken token;
            try {
                token = of(line);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("has a bad line " + number + ": " + e.getMessage(), e);
            }
            Optional<AccessToken> same = tokens.stream()
                    .filter(other -> other.secret.equals(token.secret))
                    .findFirst();
            if (same.isPresent() && !same.get().allowsTheSameAs(token)) {
                throw new IllegalArgumentException(
                        "has a bad line " + number + ": an earlier one has the same token, with other rights");
            }
            if (same.isEmpty()) {
                tokens.add(token);
            }
        }
        if (tokens.isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        return List.copyOf(tokens);
    }

    private static AccessToken of(String line) {
        String[] words = line.strip().split("\\s+", -1);
        String name = words.length == 1 ? "" : words[0];
        if (name.length() > LONGEST_NAME || !name.matches("[A-Za-z0-9._@:/-]*")) {
            throw new IllegalArgumentException(
                    "the name must be at most " + LONGEST_NAME + " letters, digits and . _ @ : / - (" + FORM + ")");
        }
        Secret secret;
        try {
            secret = Secret.of(words[words.length == 1 ? 0 : 1]);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the token " + e.getMessage(), e);
        }
        if (secret.reveal().length() < SHORTEST) {
            throw new IllegalArgumentException("the token is shorter than " + SHORTEST + " characters (" + FORM + ")");
        }
        boolean readOnly = words.length > 2 && words[2].equals(READ);
        List<IdGlob> ids =
                Stream.of(words).skip(readOnly ? 3 : 2).map(IdGlob::new).toList();
        return new AccessToken(name, secret, ids, readOnly);
    }

    private boolean allowsTheSameAs(AccessToken other) {
        return ids.equals(other.ids) && readOnly == other.readOnly;
    }
}
