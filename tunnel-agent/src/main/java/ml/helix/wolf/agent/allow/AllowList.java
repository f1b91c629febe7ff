package ml.helix.wolf.agent.allow;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The rules that say which requests may reach Wolf. A request needs one that matches its method and its path. */
public record AllowList(List<Rule> rules) {
    private static final Pattern FORM = Pattern.compile("([A-Z]{1,32}) +(/\\S*)");
    private static final Pattern LITERAL = Pattern.compile("[A-Za-z0-9._~!$&'()+,=:@-]+");
    private static final String ONE = "*";
    private static final String REST = "**";

    public AllowList {
        rules = List.copyOf(rules);
    }

    /**
     * @param method in upper case
     * @param segments of the path, between its slashes: literal text, {@code *} for any one, and as the last one {@code **}
     *     for any number of them, none included
     */
    public record Rule(String method, List<String> segments) {
        public Rule {
            segments = List.copyOf(segments);
        }

        /** @param path the segments of a request's path, decoded */
        boolean matches(String requested, List<String> path) {
            boolean open = !segments.isEmpty() && segments.getLast().equals(REST);
            int fixed = open ? segments.size() - 1 : segments.size();
            if (!method.equals(requested) || (open ? path.size() < fixed : path.size() != fixed)) {
                return false;
            }
            for (int i = 0; i < fixed; i++) {
                if (!segments.get(i).equals(ONE) && !segments.get(i).equals(path.get(i))) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public String toString() {
            return method + " /" + String.join("/", segments);
        }
    }

    /**
     * Reads rules separated by semicolons: {@code GET /api/v1/apps; POST /api/v1/sessions/*}.
     *
     * @throws IllegalArgumentException if a rule is none, or there is none at all; says what to write
     */
    public static AllowList parse(String text) {
        List<Rule> rules = Stream.of(text.split(";"))
                .map(String::strip)
                .filter(rule -> !rule.isEmpty())
                .map(AllowList::rule)
                .toList();
        if (rules.isEmpty()) {
            throw new IllegalArgumentException(
                    "must have at least one rule, such as GET /api/v1/apps; leave it out to" + " let everything pass");
        }
        return new AllowList(rules);
    }

    private static Rule rule(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' must be a method in upper case and a path, such as GET"
                    + " /api/v1/apps; rules are separated by ;");
        }
        if (matcher.group(1).equals("CONNECT")) {
            throw new IllegalArgumentException(
                    "'" + text + "' must not have the method CONNECT, which Wolf doesn't know");
        }
        String path = matcher.group(2).substring(1);
        List<String> segments = path.isEmpty() ? List.of() : List.of(path.split("/", -1));
        for (int i = 0; i < segments.size(); i++) {
            checkSegment(text, segments.get(i), i == segments.size() - 1);
        }
        return new Rule(matcher.group(1), segments);
    }

    private static void checkSegment(String rule, String segment, boolean last) {
        if (segment.equals(REST) && !last) {
            throw new IllegalArgumentException("'" + rule + "' must have ** only at its end; * stands for one segment");
        }
        if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
            throw new IllegalArgumentException(
                    "'" + rule + "' must not have empty segments, . or ..: no request with one is let through");
        }
        boolean wild = segment.equals(ONE) || segment.equals(REST);
        if (!wild && !LITERAL.matcher(segment).matches()) {
            throw new IllegalArgumentException(
                    "'" + rule + "' must have letters, digits and ._~!$&'()+,=:@- in its path,"
                            + " and * or ** as whole segments; the query is not matched");
        }
    }

    /** @param path the segments of the request's path, decoded */
    boolean allows(String method, List<String> path) {
        return rules.stream().anyMatch(rule -> rule.matches(method, path));
    }

    /** The rules, as {@link #parse} reads them. */
    @Override
    public String toString() {
        return rules.stream().map(Rule::toString).collect(Collectors.joining("; "));
    }
}
