/** What may be wrong with a WolfTunnel: the checks are pure, what they need is read from the cluster before. */
@NullMarked
package ml.helix.wolf.kubectl.doctor;

import org.jspecify.annotations.NullMarked;
