package ml.helix.wolf.crds.v1alpha1;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/**
 * One agent on each selected node, each with a tunnel to the same control planes, mostly one.
 *
 * <p>Mutable, as Fabric8's resources are; spec and status are immutable records. The name has at most 50 characters, so
 * that the names and labels that are made from it are valid.
 */
@Group(WolfTunnel.GROUP)
@Version(WolfTunnel.VERSION)
@Plural("wolftunnels")
@Singular("wolftunnel")
@ShortNames("wt")
@ValidationRule(
        value = "size(self.metadata.name) <= 50",
        message = "metadata.name must have at most 50 characters: it is part of the names and labels of the agents'"
                + " DaemonSet, for example gpu-nodes")
@AdditionalPrinterColumn(name = "READY", jsonPath = ".status.conditions[?(@.type==\"Ready\")].status")
@AdditionalPrinterColumn(name = "CONNECTED", jsonPath = ".status.summary")
@AdditionalPrinterColumn(name = "WOLF", jsonPath = ".status.wolf")
@AdditionalPrinterColumn(name = "REASON", jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason")
@AdditionalPrinterColumn(
        name = "SESSIONS",
        jsonPath = ".spec.wolf.maxSessions",
        type = AdditionalPrinterColumn.Type.INTEGER,
        priority = 1)
@AdditionalPrinterColumn(name = "URL", jsonPath = ".spec.controlPlane['url','urls']", priority = 1)
@AdditionalPrinterColumn(
        name = "AGE",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
public class WolfTunnel extends CustomResource<WolfTunnelSpec, WolfTunnelStatus> implements Namespaced {
    public static final String GROUP = "wolf.helix.ml";
    public static final String VERSION = "v1alpha1";

    private static final long serialVersionUID = 1L;
}
