package ml.helix.wolf.agent.allow;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of an HTTP/1 request that every server reads in the same way, whatever it makes of folded lines, second lengths
 * or escapes: what could be read in two ways is refused, so the head can be passed on as it is.
 *
 * @param path the segments of the path between its slashes, percent-decoded; none for {@code /}
 * @param contentLength of the body, 0 without one
 */
record RequestHead(String method, List<String> path, long contentLength) {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern REQUEST_LINE = Pattern.compile("(" + TOKEN + ") ([!-~]+) HTTP/1\\.[01]");
    private static final Pattern HEADER = Pattern.compile("(" + TOKEN + "):([\\t -~\\x80-\\xff]*)");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,15}");

    /** What else Connection names, a proxy takes out of the request: the length of the body, for example. */
    private static final Set<String> CONNECTION_OPTIONS = Set.of("close", "keep-alive", "te");

    /** After decoding, other characters than these and control characters mean the same to every server. */
    private static final String AMBIGUOUS = "/\\;%?#";

    RequestHead {
        path = List.copyOf(path);
    }

    /**
     * @param lines the request line and the headers, without their CR LF; a char is a byte
     * @throws NotAllowedException if it could be read in two ways
     */
    static RequestHead parse(List<String> lines) throws NotAllowedException {
        Matcher first = REQUEST_LINE.matcher(lines.getFirst());
        if (!first.matches()) {
            throw new NotAllowedException("the first line must be a method, a path and HTTP/1.0 or HTTP/1.1");
        }
        OptionalLong length = OptionalLong.empty();
        boolean host = false;
        for (String line : lines.subList(1, lines.size())) {
            Matcher header = HEADER.matcher(line);
            if (!header.matches()) {
                throw new NotAllowedException(
                        "a header must be a name, a colon and a value, without a space before it");
            }
            String value = header.group(2).strip();
            switch (header.group(1).toLowerCase(Locale.ROOT)) {
                case "content-length" -> {
                    if (length.isPresent() || !LENGTH.matcher(value).matches()) {
                        throw new NotAllowedException("Content-Length must be there once, as one number");
                    }
                    length = OptionalLong.of(Long.parseLong(value));
                }
                case "transfer-encoding" ->
                    throw new NotAllowedException("a body must have a Content-Length: Wolf reads no Transfer-Encoding");
                case "upgrade" -> throw new NotAllowedException("an Upgrade can't be checked beyond its first request");
                case "connection" -> checkConnection(value);
                case "host" -> {
                    if (host) {
                        throw new NotAllowedException("Host must not be there twice");
                    }
                    host = true;
                }
                default -> {}
            }
        }
        return new RequestHead(first.group(1), path(first.group(2)), length.orElse(0));
    }

    private static void checkConnection(String value) throws NotAllowedException {
        for (String option : value.split(",", -1)) {
            if (!CONNECTION_OPTIONS.contains(option.strip().toLowerCase(Locale.ROOT))) {
                throw new NotAllowedException("Connection must be close or keep-alive");
            }
        }
    }

    private static List<String> path(String target) throws NotAllowedException {
        if (!target.startsWith("/")) {
            throw new NotAllowedException("the request's target must be a path");
        }
        if (target.contains("#")) {
            throw new NotAllowedException("the request's target must not have a #");
        }
        String path = target.replaceFirst("\\?.*", "");
        List<String> segments = new ArrayList<>();
        if (!path.equals("/")) {
            for (String segment : path.substring(1).split("/", -1)) {
                segments.add(segment(segment));
            }
        }
        return segments;
    }

    private static String segment(String raw) throws NotAllowedException {
        String decoded = decoded(raw);
        if (decoded.isEmpty() || decoded.equals(".") || decoded.equals("..")) {
            throw new NotAllowedException("the path must not have //, . or .. segments, or end with /");
        }
        if (decoded.chars().anyMatch(c -> Character.isISOControl(c) || AMBIGUOUS.indexOf(c) >= 0)) {
            throw new NotAllowedException("the path must not have " + AMBIGUOUS.substring(1)
                    + " or control characters in a segment, encoded or not, or an encoded /");
        }
        return decoded;
    }

    private static String decoded(String raw) throws NotAllowedException {
        var bytes = ByteBuffer.allocate(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) == '%') {
                int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
                int low = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw new NotAllowedException("each % in the path must begin an escape, such as %20");
                }
                bytes.put((byte) (high * 16 + low));
                i += 2;
            } else {
                bytes.put((byte) raw.charAt(i));
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new NotAllowedException("the path's escapes must be UTF-8");
        }
    }
}
