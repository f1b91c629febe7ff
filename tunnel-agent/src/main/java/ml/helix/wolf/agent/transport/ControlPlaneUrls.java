package ml.helix.wolf.agent.transport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Reads the URL of one control plane, or a comma list of several. */
public final class ControlPlaneUrls {
    private static final int MOST = 8;

    /** A comma also belongs to a URL's path, so it separates only where another URL begins. */
    private static final Pattern COMMA = Pattern.compile(",(?=\\s*(?i:https?|wss?)://)");

    private ControlPlaneUrls() {}

    /**
     * The URLs that can be used. They are all of them if no problem was found.
     *
     * @param problem takes each thing that is wrong, as a text that continues the setting's name; never a password
     */
    public static List<ControlPlaneUrl> parse(String text, Consumer<String> problem) {
        List<String> parts = List.of(COMMA.split(text, -1));
        int count = parts.size();
        if (count > MOST) {
            problem.accept("has " + count + " URLs, and at most " + MOST + " are allowed");
        }
        List<ControlPlaneUrl> urls = new ArrayList<>();
        Map<String, Integer> places = new HashMap<>();
        for (int place = 1; place <= count; place++) {
            String at = count == 1 ? "" : " (URL " + place + " of " + count + ")";
            try {
                ControlPlaneUrl url = parseOne(parts.get(place - 1), count);
                Integer before = places.putIfAbsent(url.normalized(), place);
                if (before == null) {
                    urls.add(url);
                } else {
                    problem.accept("names one control plane twice: " + url + " (URLs " + before + " and " + place
                            + " of " + count + ")");
                }
            } catch (IllegalArgumentException e) {
                problem.accept(e.getMessage() + at);
            }
        }
        return urls;
    }

    private static ControlPlaneUrl parseOne(String text, int count) {
        if (count > 1 && text.trim().endsWith(",")) {
            throw new IllegalArgumentException("must have one comma between two URLs");
        }
        return ControlPlaneUrl.parse(text);
    }
}
