package ml.helix.wolf.controlplane.auth;

import java.util.stream.IntStream;

/**
 * A pattern for ids: {@code *} stands for any characters, none included, {@code ?} for exactly one; everything else for
 * itself.
 */
public record IdGlob(String pattern) {

    /** Takes time in proportion to both lengths, whatever the pattern. */
    public boolean matches(String id) {
        int[] wanted = pattern.codePoints().toArray();
        int[] given = id.codePoints().toArray();
        // reached[i]: the first i characters of the id match the part of the pattern that is done
        boolean[] reached = new boolean[given.length + 1];
        reached[0] = true;
        for (int character : wanted) {
            if (character == '*') {
                int first = IntStream.rangeClosed(0, given.length)
                        .filter(i -> reached[i])
                        .findFirst()
                        .orElse(given.length + 1);
                for (int i = first; i <= given.length; i++) {
                    reached[i] = true;
                }
            } else {
                for (int i = given.length; i > 0; i--) {
                    reached[i] = reached[i - 1] && (character == '?' || character == given[i - 1]);
                }
                reached[0] = false;
            }
        }
        return reached[given.length];
    }
}
