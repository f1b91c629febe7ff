/** Fakes and fixtures that several modules' tests share: a Wolf, a proxy, ports, and a clock that is moved by hand. */
@NullMarked
package ml.helix.wolf.testkit;

import org.jspecify.annotations.NullMarked;
