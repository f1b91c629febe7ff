package ml.helix.wolf.controlplane.http;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A path with parameters, such as {@code /api/v1/wolf-instances/{id}/proxy/**}. {@code {id}} stands for one segment that is
 * not empty; {@code **}, at the end, for any rest that begins with a slash; anything else for itself. It is matched against
 * raw paths: an escape never equals the character that it stands for, so {@code %2F} stays part of its segment.
 *
 * <p>The order says which of two templates is tried first: at the first segment where they differ, a literal comes before a
 * parameter and a parameter before {@code **}. Templates that differ in their parameters' names only compare as equal.
 *
 * <p>Jetty's {@code UriTemplatePathSpec} knows no rest, and its {@code PathMappings} replaces one of two equal templates
 * silently; its {@code PathMappingsHandler} matches decoded paths whose dot segments are resolved.
 */
record PathTemplate(List<String> segments) implements Comparable<PathTemplate> {
    private static final String REST = "**";

    /** @throws IllegalArgumentException if the text is no template */
    static PathTemplate of(String text) {
        List<String> segments = split(text);
        Set<String> names = new HashSet<>();
        for (int i = 0; i < segments.size(); i++) {
            String segment = segments.get(i);
            boolean rest = segment.equals(REST) && i == segments.size() - 1;
            if (segment.matches("\\{\\w+}") ? !names.add(segment) : !rest && !segment.matches("[A-Za-z0-9._~-]*")) {
                throw new IllegalArgumentException("segment '" + segment + "' can't be part of the template " + text);
            }
        }
        return new PathTemplate(segments);
    }

    /**
     * Splits a path at its slashes, the first one left out.
     *
     * @throws IllegalArgumentException if it doesn't begin with a slash
     */
    static List<String> split(String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("a path begins with a slash: '" + path + "'");
        }
        return Arrays.asList(path.substring(1).split("/", -1));
    }

    /** @param path as {@link #split} returns it */
    Optional<PathMatch> match(List<String> path) {
        boolean rest = segments.getLast().equals(REST);
        int fixed = rest ? segments.size() - 1 : segments.size();
        if (rest ? path.size() <= fixed : path.size() != fixed) {
            return Optional.empty();
        }
        Map<String, String> parameters = new HashMap<>();
        for (int i = 0; i < fixed; i++) {
            String segment = segments.get(i);
            String actual = path.get(i);
            if (isParameter(segment) && !actual.isEmpty()) {
                parameters.put(segment.substring(1, segment.length() - 1), actual);
            } else if (!segment.equals(actual)) {
                return Optional.empty();
            }
        }
        return Optional.of(
                new PathMatch(parameters, rest ? "/" + String.join("/", path.subList(fixed, path.size())) : ""));
    }

    /** In a template, only a parameter has a brace: see {@link #of}. Called for every request, so no regular expression. */
    private static boolean isParameter(String segment) {
        return segment.startsWith("{");
    }

    @Override
    public int compareTo(PathTemplate other) {
        return Arrays.compare(sortKey(), other.sortKey());
    }

    private String[] sortKey() {
        return segments.stream()
                .map(segment -> segment.equals(REST) ? "2" : isParameter(segment) ? "1" : "0" + segment)
                .toArray(String[]::new);
    }

    @Override
    public String toString() {
        return "/" + String.join("/", segments);
    }
}
