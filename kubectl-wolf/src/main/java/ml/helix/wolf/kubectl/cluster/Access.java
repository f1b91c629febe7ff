package ml.helix.wolf.kubectl.cluster;

/**
 * Which cluster, as kubectl's flags say it. Empty texts stand for flags that are not given.
 *
 * @param kubeconfig a file
 */
public record Access(String kubeconfig, String context, String namespace) {}
