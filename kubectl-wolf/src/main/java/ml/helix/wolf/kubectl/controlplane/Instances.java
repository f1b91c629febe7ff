package ml.helix.wolf.kubectl.controlplane;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ml.helix.wolf.kubectl.controlplane.ControlPlane.Answer;
import ml.helix.wolf.kubectl.failure.Failure;
import ml.helix.wolf.kubectl.status.NearNames;
import ml.helix.wolf.program.Printable;

/** The control plane's registry. */
public final class Instances {
    private static final String PATH = "/api/v1/wolf-instances";
    private static final int PAGE = 10_000;

    private final ControlPlane controlPlane;

    public Instances(ControlPlane controlPlane) {
        this.controlPlane = controlPlane;
    }

    private static String path(String id) {
        return PATH + "/" + URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The path of a request to the Wolf with this id. */
    public static String proxied(String id, String path) {
        return path(id) + "/proxy" + path;
    }

    /** All instances, in the order of their ids. */
    public List<JsonNode> all() throws Failure {
        var all = new ArrayList<JsonNode>();
        String after = "";
        do {
            Answer answer = controlPlane.ask("GET", PATH + "?limit=" + PAGE + after);
            if (!answer.isFine()) {
                throw refusal("list its instances", answer);
            }
            answer.body().path("instances").forEach(all::add);
            String next = answer.body().path("next").asText();
            after = next.isEmpty() ? "" : "&after=" + URLEncoder.encode(next, StandardCharsets.UTF_8);
        } while (!after.isEmpty());
        return all;
    }

    /** The instance with this id; if there is none, the failure has near ids. */
    public JsonNode get(String id) throws Failure {
        return one("GET", id, "");
    }

    /** Nothing new goes to it from now on, or again. */
    public JsonNode drain(String id, boolean draining) throws Failure {
        return one("POST", id, draining ? "/drain" : "/undrain");
    }

    private JsonNode one(String method, String id, String action) throws Failure {
        Answer answer = controlPlane.ask(method, path(id) + action);
        if (answer.isFine()) {
            return answer.body();
        }
        throw answer.status() == 404 ? unknown(id) : refusal("reach " + id, answer);
    }

    private Failure unknown(String id) throws Failure {
        List<String> ids =
                all().stream().map(instance -> instance.path("id").asText()).toList();
        return new Failure("the control plane " + controlPlane.endpoint() + " knows no instance "
                + Printable.of(id) + "."
                + NearNames.question(id, ids)
                + (ids.isEmpty() ? " It knows none at all." : " kubectl wolf tunnels --instances shows all."));
    }

    /** What a refusal means. */
    Failure refusal(String what, Answer answer) {
        String where = "the control plane " + controlPlane.endpoint() + " ";
        String code = answer.code();
        return new Failure(
                switch (answer.status()) {
                    case 401, 429 ->
                        where + "does not accept the admin token (" + answer.status()
                                + "). A runner token is another one; --token-file, --token-secret and WOLF_ADMIN_TOKEN say which is"
                                + " used";
                    case 403 ->
                        where + "does not allow this token to " + what + " (403 " + code + "): " + answer.message();
                    case 404, 405, 501 ->
                        where + "has no registry of instances (" + answer.status()
                                + "). Is it this project's control plane, and is the URL's path right?";
                    default ->
                        where + "can't " + what + ": "
                                + (code.isEmpty() ? "HTTP " + answer.status() : code + ": " + answer.message());
                });
    }

    /** The failure that an answer to a request to a Wolf is, if it came from the control plane or the agent, not from Wolf. */
    public Optional<Failure> failure(String id, int status, byte[] body) throws Failure {
        var answer = new Answer(status, controlPlane.parse(body));
        if (status < 400 || answer.code().isEmpty()) {
            return Optional.empty();
        }
        if (answer.code().equals("NoConnection")) {
            Answer known = controlPlane.ask("GET", path(id));
            if (known.status() == 404) {
                return Optional.of(unknown(id));
            }
        }
        return Optional.of(
                status == 401 || status == 403 && !answer.code().equals("NotAllowed")
                        ? refusal("reach " + id, answer)
                        : new Failure(id + ": " + answer.code() + " (" + status + "): " + answer.message()));
    }
}
