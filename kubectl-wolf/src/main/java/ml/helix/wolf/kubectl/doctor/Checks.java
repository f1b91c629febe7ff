package ml.helix.wolf.kubectl.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import ml.helix.wolf.kubectl.status.Advice;
import ml.helix.wolf.kubectl.status.Age;
import ml.helix.wolf.kubectl.status.Condition;
import ml.helix.wolf.kubectl.status.WolfTunnel;
import ml.helix.wolf.program.Secret;
import ml.helix.wolf.program.certificates.CaBundle;

/** The checks of the cluster's side, each a function of {@link Facts}. */
public final class Checks {
    private static final int MOST_EVENTS = 5;
    private static final int MOST_PODS = 10;

    private final Facts facts;
    private final WolfTunnel wolfTunnel;
    private final Advice advice;
    private final List<Finding> findings = new ArrayList<>();

    private Checks(Facts facts, Advice advice) {
        this.facts = facts;
        this.wolfTunnel = facts.wolfTunnel();
        this.advice = advice;
    }

    /** In the order in which one thing needs the other. */
    public static List<Finding> of(Facts facts, Advice advice) {
        var checks = new Checks(facts, advice);
        checks.operator();
        checks.token();
        checks.caBundle();
        checks.policy();
        checks.daemonSet();
        checks.pods();
        checks.status();
        checks.events();
        return List.copyOf(checks.findings);
    }

    private void operator() {
        if (wolfTunnel.observedGeneration() < 0) {
            findings.add(Finding.failed(
                    "operator",
                    "no operator has seen this WolfTunnel",
                    "Does an operator run, and does it serve this namespace? kubectl get pods -A -l"
                            + " app.kubernetes.io/name=wolf-tunnel-operator"));
        } else if (!wolfTunnel.isCurrent()) {
            findings.add(Finding.failed(
                    "operator",
                    "it has seen generation " + wolfTunnel.observedGeneration() + ", the newest is "
                            + wolfTunnel.generation(),
                    "Wait some seconds; if it stays, look at the operator's pods and log."));
        } else if (wolfTunnel.isPaused()) {
            findings.add(Finding.warning(
                    "operator", "spec.paused is true: changes wait", advice.about("Paused", wolfTunnel.name())));
        } else {
            findings.add(Finding.ok("operator", "it has seen the newest generation, " + wolfTunnel.generation()));
        }
    }

    private void token() {
        JsonNode reference = wolfTunnel.json().path("spec").path("runnerToken").path("secretRef");
        String what = reference.path("name").asText();
        String key = reference.path("key").asText("token");
        if (facts.secret().isEmpty()) {
            findings.add(Finding.ok("token", "each pod has a ServiceAccount token of its own; there is no Secret"));
            return;
        }
        Seen secret = facts.secret().get();
        if (secret.isAbsent()) {
            findings.add(Finding.failed(
                    "token",
                    "there is no Secret " + what,
                    "kubectl -n " + wolfTunnel.namespace() + " create secret generic " + what + " --from-file=" + key
                            + "=FILE"));
        } else if (!secret.isThere()) {
            findings.add(Finding.skipped("token", "you may not read the Secret " + what + ": " + secret.message()));
        } else if (!secret.json().path("data").has(key)) {
            findings.add(Finding.failed(
                    "token",
                    "the Secret " + what + " has no key " + key,
                    "Add it, or correct spec.runnerToken.secretRef.key."));
        } else {
            try {
                Secret.of(Base64.getDecoder()
                        .decode(secret.json().path("data").path(key).asText()));
                findings.add(Finding.ok("token", "the Secret " + what + " has a token in its key " + key));
            } catch (IllegalArgumentException e) {
                findings.add(Finding.failed(
                        "token",
                        "the token in key " + key + " of the Secret " + what + " " + e.getMessage(),
                        advice.about("RunnerTokenInvalid", wolfTunnel.name())));
            }
        }
    }

    private void caBundle() {
        if (facts.caBundle().isEmpty()) {
            return;
        }
        JsonNode reference = wolfTunnel.json().path("spec").path("controlPlane").path("caBundleRef");
        String what = "the ConfigMap " + reference.path("name").asText();
        String key = reference.path("key").asText("ca.crt");
        Seen map = facts.caBundle().get();
        if (map.isAbsent()) {
            findings.add(Finding.failed(
                    "CA bundle",
                    "there is no " + what.substring(4),
                    advice.about("CaBundleMissing", wolfTunnel.name())));
        } else if (!map.isThere()) {
            findings.add(Finding.skipped("CA bundle", "you may not read " + what + ": " + map.message()));
        } else {
            caBundle(what, key, map.json());
        }
    }

    private void caBundle(String what, String key, JsonNode map) {
        byte[] content = map.path("data").has(key)
                ? map.path("data").path(key).asText().getBytes(StandardCharsets.ISO_8859_1)
                : Base64.getDecoder().decode(map.path("binaryData").path(key).asText());
        try {
            CaBundle bundle = CaBundle.parse(content);
            List<Instant> ends = bundle.certificates().stream()
                    .map(certificate -> certificate.getNotAfter().toInstant())
                    .toList();
            if (ends.stream().allMatch(end -> end.isBefore(facts.now()))) {
                findings.add(Finding.failed(
                        "CA bundle", "each certificate in " + what + " has expired", "Put the present CA into it."));
            } else {
                findings.add(Finding.ok("CA bundle", what + " has " + ends.size() + " in its key " + key));
            }
        } catch (IllegalArgumentException e) {
            findings.add(Finding.failed(
                    "CA bundle",
                    "key " + key + " of " + what + " " + e.getMessage(),
                    advice.about("CaBundleInvalid", wolfTunnel.name())));
        }
    }

    private void policy() {
        if (facts.policy().isAbsent()) {
            findings.add(Finding.warning(
                    "admission policy",
                    "it is not installed: who may create WolfTunnels is worth as much as root on the nodes",
                    "A cluster admin: kubectl apply -k manifests/admission-policy, after a look at its parameters."));
            return;
        }
        Seen trial = facts.trial();
        if (trial.isThere()) {
            findings.add(Finding.ok("admission policy", "it allows this WolfTunnel"));
        } else if (trial.status() == 403 && trial.message().contains("cannot create resource")) {
            findings.add(Finding.skipped(
                    "admission policy",
                    "you may not create WolfTunnels here, so it can't be tried: " + trial.message()));
        } else {
            findings.add(Finding.warning(
                    "admission policy",
                    "such a WolfTunnel would be refused now: " + trial.message(),
                    "Correct it, or ask a cluster admin to change the ConfigMap wolf-tunnel-policy."));
        }
    }

    private void daemonSet() {
        Seen set = facts.daemonSet();
        String name = "DaemonSet";
        if (set.isAbsent()) {
            findings.add(Finding.failed(
                    name,
                    "there is none of the name " + wolfTunnel.agents(),
                    "The operator creates it once the checks above are fine."));
            return;
        } else if (!set.isThere()) {
            findings.add(Finding.skipped(name, "you may not read it: " + set.message()));
            return;
        }
        JsonNode status = set.json().path("status");
        int desired = status.path("desiredNumberScheduled").asInt();
        int ready = status.path("numberReady").asInt();
        int updated = status.path("updatedNumberScheduled").asInt();
        if (!belongs(set.json())) {
            findings.add(Finding.failed(
                    name, wolfTunnel.agents() + " does not belong to this WolfTunnel", advice.about("NameTaken", "")));
        } else if (desired == 0) {
            findings.add(Finding.warning(
                    name, "no node matches spec.pod", advice.about("NoMatchingNodes", wolfTunnel.name())));
        } else if (ready < desired || updated < desired) {
            findings.add(Finding.failed(
                    name,
                    ready + " of " + desired + " pods are ready, " + updated + " have the newest template",
                    "See the pods below."));
        } else {
            findings.add(Finding.ok(name, "all " + desired + " pods are ready and have the newest template"));
        }
    }

    private boolean belongs(JsonNode object) {
        String uid = wolfTunnel.json().path("metadata").path("uid").asText();
        for (JsonNode owner : object.path("metadata").path("ownerReferences")) {
            if (owner.path("uid").asText().equals(uid)) {
                return true;
            }
        }
        return false;
    }

    private void pods() {
        if (!facts.pods().isThere()) {
            findings.add(Finding.skipped(
                    "pods", "you may not list them: " + facts.pods().message()));
            return;
        }
        List<Finding> bad = new ArrayList<>();
        int count = 0;
        for (JsonNode pod : facts.pods().json().path("items")) {
            count++;
            String problem = PodProblem.of(pod);
            if (!problem.isEmpty()) {
                String name = pod.path("metadata").path("name").asText();
                bad.add(Finding.failed(
                        "pod",
                        name + " on " + pod.path("spec").path("nodeName").asText("no node yet") + ": " + problem,
                        "kubectl -n " + wolfTunnel.namespace() + " describe pod " + name));
            }
        }
        if (count == 0) {
            findings.add(Finding.skipped("pods", "there are none"));
        } else if (bad.isEmpty()) {
            findings.add(Finding.ok("pods", count == 1 ? "1 runs" : "all " + count + " run"));
        }
        findings.addAll(bad.subList(0, Math.min(bad.size(), MOST_PODS)));
        if (bad.size() > MOST_PODS) {
            findings.add(Finding.failed("pod", (bad.size() - MOST_PODS) + " more have problems", ""));
        }
    }

    private void status() {
        Condition ready = wolfTunnel.ready();
        if (wolfTunnel.observedGeneration() < 0) {
            return;
        } else if (ready.isTrue()) {
            Condition wolf = wolfTunnel.condition("WolfReachable");
            findings.add(
                    wolf.status().equals("False")
                            ? Finding.warning(
                                    "status",
                                    wolf.reason() + ": " + wolf.message(),
                                    advice.about(wolf.reason(), wolfTunnel.name()))
                            : Finding.ok("status", ready.reason() + ": " + ready.message()));
        } else {
            findings.add(Finding.failed(
                    "status",
                    ready.reason() + ": " + ready.message(),
                    advice.about(ready.reason(), wolfTunnel.name())));
        }
    }

    private void events() {
        if (!facts.events().isThere()) {
            findings.add(Finding.skipped(
                    "events", "you may not list them: " + facts.events().message()));
            return;
        }
        Set<String> names = new HashSet<>(Set.of(wolfTunnel.name(), wolfTunnel.agents()));
        facts.pods()
                .json()
                .path("items")
                .forEach(pod -> names.add(pod.path("metadata").path("name").asText()));
        List<Event> events = new ArrayList<>();
        facts.events().json().path("items").forEach(event -> {
            if (names.contains(event.path("involvedObject").path("name").asText())) {
                events.add(Event.of(event));
            }
        });
        events.sort(Comparator.comparing(Event::time).reversed());
        Set<String> shown = new HashSet<>();
        for (Event event : events) {
            if (shown.size() < MOST_EVENTS && shown.add(event.reason() + event.object())) {
                findings.add(Finding.warning(
                        "event",
                        Age.of(event.time(), facts.now()) + " ago, " + event.object() + ": " + event.reason() + ": "
                                + event.message(),
                        ""));
            }
        }
        if (events.isEmpty()) {
            findings.add(Finding.ok("events", "no warning in the last hour"));
        }
    }

    /** @param time RFC 3339 */
    private record Event(String time, String object, String reason, String message) {
        static Event of(JsonNode event) {
            String last = event.path("series").path("lastObservedTime").asText();
            for (String key : List.of("lastTimestamp", "eventTime", "firstTimestamp")) {
                last = last.isEmpty() || last.equals("null") ? event.path(key).asText() : last;
            }
            JsonNode object = event.path("involvedObject");
            return new Event(
                    last,
                    object.path("kind").asText() + " " + object.path("name").asText(),
                    event.path("reason").asText(),
                    event.path("message").asText());
        }
    }
}
