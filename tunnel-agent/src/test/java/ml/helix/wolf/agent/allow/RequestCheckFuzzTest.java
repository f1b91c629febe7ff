package ml.helix.wolf.agent.allow;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** For any bytes of a caller, what passes is one allowed request, also for a server that reads it as loosely as servers do. */
class RequestCheckFuzzTest {
    private static final AllowList RULES = AllowList.parse("GET /api/v1/apps; POST /api/v1/sessions/*; GET /files/**");

    /** What the rules mean, as a request line of a path without escapes. */
    private static final Pattern ALLOWED =
            Pattern.compile("GET /api/v1/apps|POST /api/v1/sessions/[^/]+|GET /files(/.*)?", Pattern.DOTALL);

    private static final Pattern LOOSE_END = Pattern.compile("\\r?\\n\\r?\\n|\\r\\r");

    @FuzzTest
    void whatPassesIsOneAllowedRequestHoweverItIsReadAndCut(byte[] bytes) {
        Passed passed = Passed.of(RULES, bytes, Math.max(1, bytes.length));
        for (int piece : new int[] {1, 3, 64}) {
            assertThat(Passed.of(RULES, bytes, piece)).isEqualTo(passed);
        }
        assertThat(new String(bytes, ISO_8859_1)).startsWith(passed.bytes());
        if (!passed.bytes().isEmpty()) {
            assertThat(passed.refused()).isEmpty();
            readLoosely(passed.bytes());
        }
    }

    private static void readLoosely(String request) {
        Matcher end = LOOSE_END.matcher(request);
        assertThat(end.find()).isTrue();
        String head = request.substring(0, end.start());
        assertThat(head).doesNotContain("\u0000");
        List<String> lines = List.of(head.split("\\r?\\n|\\r", -1));
        String[] words = lines.getFirst().strip().split("\\s+");
        assertThat(words).hasSize(3);
        assertThat(words[0] + " " + canonical(words[1])).matches(ALLOWED);
        long body = 0;
        int lengths = 0;
        for (String line : lines.subList(1, lines.size())) {
            assertThat(line).doesNotMatch("(?s)\\s.*");
            String name =
                    line.replaceFirst("(?s):.*", "").replaceAll("[^!-~]", "").toLowerCase(Locale.ROOT);
            assertThat(name).isNotIn("transfer-encoding", "upgrade");
            if (name.equals("content-length")) {
                body = Long.parseLong(line.replaceAll("(?s)^[^:]*:|\\s", ""));
                lengths++;
            }
        }
        assertThat(lengths).isLessThanOrEqualTo(1);
        assertThat((long) request.length() - end.end()).isLessThanOrEqualTo(body);
    }

    /** The path as a server sees it that decodes escapes as often as it can, and ignores what it doesn't need. */
    private static String canonical(String target) {
        String path = target.replaceFirst("(?s)[?#].*", "").replaceFirst("^[A-Za-z]+://[^/]*", "");
        String before;
        do {
            before = path;
            path = decode(path);
        } while (!path.equals(before));
        Deque<String> segments = new ArrayDeque<>();
        for (String segment : path.replace('\\', '/').split("/")) {
            String plain = segment.replaceFirst("(?s);.*", "").replaceFirst("(?s)\u0000.*", "");
            if (plain.equals("..")) {
                segments.pollLast();
            } else if (!plain.isEmpty() && !plain.equals(".")) {
                segments.addLast(plain);
            }
        }
        return "/" + String.join("/", segments);
    }

    private static String decode(String text) {
        return Pattern.compile("%([0-9A-Fa-f]{2})")
                .matcher(text)
                .replaceAll(escape ->
                        Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(escape.group(1), 16))));
    }
}
