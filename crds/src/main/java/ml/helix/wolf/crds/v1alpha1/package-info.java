/** The WolfTunnel API, version v1alpha1, as Java types; the CRD under {@code manifests/crds} is generated from them. */
@NullMarked
package ml.helix.wolf.crds.v1alpha1;

import org.jspecify.annotations.NullMarked;
