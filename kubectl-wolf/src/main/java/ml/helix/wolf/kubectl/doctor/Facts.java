package ml.helix.wolf.kubectl.doctor;

import java.time.Instant;
import java.util.Optional;
import ml.helix.wolf.kubectl.status.WolfTunnel;

/**
 * What the checks need to know.
 *
 * @param secret empty if the WolfTunnel names none
 * @param caBundle empty if the WolfTunnel names none
 * @param policy the admission policy's binding
 * @param trial the API server's answer to the attempt, without effect, to create such a WolfTunnel now
 * @param pods the list of the agents' pods
 * @param events the list of the namespace's warnings
 */
public record Facts(
        WolfTunnel wolfTunnel,
        Optional<Seen> secret,
        Optional<Seen> caBundle,
        Seen policy,
        Seen trial,
        Seen daemonSet,
        Seen pods,
        Seen events,
        Instant now) {}
