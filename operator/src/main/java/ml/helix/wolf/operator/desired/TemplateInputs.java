package ml.helix.wolf.operator.desired;

import java.util.Optional;

/**
 * What the desired objects depend on beside the WolfTunnel itself.
 *
 * @param agentImage the image where the tunnel names none
 * @param tokenDigest changes with the token, where a change must roll the pods
 * @param caDigest changes with the CA bundle, where the tunnel has one
 */
public record TemplateInputs(String agentImage, Optional<String> tokenDigest, Optional<String> caDigest) {}
