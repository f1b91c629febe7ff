package ml.helix.wolf.operator.desired;

import java.util.Optional;

/**
 * What the pod template depends on besides the WolfTunnel.
 *
 * @param agentImage the image, unless the WolfTunnel names one
 * @param tokenDigest changes with the token; empty if a new token must not roll the pods
 * @param caDigest changes with the CA bundle; empty if there is none
 */
public record TemplateInputs(String agentImage, Optional<String> tokenDigest, Optional<String> caDigest) {}
