package ml.helix.wolf.controlplane.page;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.controlplane.auth.AccessToken;
import ml.helix.wolf.controlplane.auth.AdminAccess;
import ml.helix.wolf.controlplane.http.EventStream;
import ml.helix.wolf.controlplane.http.Json;
import org.eclipse.jetty.server.Request;

/**
 * Sends a viewer every instance that its token opens, and then what changes, until the viewer leaves, its token is changed
 * or removed, or the feed is closed. Thread safe.
 *
 * <p>The events: {@code begin} with the token's name and whether it only reads; {@code instances}, a list of those that are new or have
 * changed; {@code removed}, a list of ids; {@code live} once all have been sent. A comment at the latest after
 * {@link #QUIET_SNAPSHOTS} seconds.
 */
public record LiveInstances(Feed feed, AdminAccess admin) implements EventStream.Source {
    /** After so many snapshots without a change a comment shows that the connection lives, and finds out whether it does. */
    static final int QUIET_SNAPSHOTS = 5;
    /** How many instances one event has at most. */
    static final int BATCH = 200;

    private record Begin(String token, boolean readOnly) {}

    @Override
    public void send(Request request, EventStream out) throws Exception {
        Optional<AccessToken> token = admin.find(request.getHeaders());
        if (token.isEmpty()) {
            return; // removed after the access rule has seen it
        }
        try (Feed.Viewer viewer = feed.join(out::cut)) {
            out.send(
                    "begin", Json.text(new Begin(token.get().name(), token.get().readOnly())));
            Map<String, String> sent = Map.of();
            int quiet = 0;
            boolean live = false;
            for (var next = viewer.next(); next.isPresent(); next = viewer.next()) {
                if (!admin.find(request.getHeaders()).equals(token)) {
                    return;
                }
                boolean changed = sendChanges(sent, next.get(), token.get(), out);
                sent = next.get();
                if (!live) {
                    out.send("live", "{}");
                    live = true;
                }
                quiet = changed ? 0 : quiet + 1;
                if (quiet == QUIET_SNAPSHOTS) {
                    out.comment();
                    quiet = 0;
                }
            }
            out.end(); // before the viewer closes, because the feed waits for that before the server is stopped
        }
    }

    private static boolean sendChanges(
            Map<String, String> before, Map<String, String> now, AccessToken token, EventStream out)
            throws IOException {
        List<String> changed = new ArrayList<>();
        now.forEach((id, row) -> {
            if (!row.equals(before.get(id)) && token.opens(id)) {
                changed.add(row);
            }
        });
        for (int from = 0; from < changed.size(); from += BATCH) {
            List<String> batch = changed.subList(from, Math.min(from + BATCH, changed.size()));
            out.send("instances", "[" + String.join(",", batch) + "]");
        }
        List<String> removed = before.keySet().stream()
                .filter(id -> !now.containsKey(id) && token.opens(id))
                .toList();
        if (!removed.isEmpty()) {
            out.send("removed", Json.text(removed));
        }
        return !changed.isEmpty() || !removed.isEmpty();
    }
}
