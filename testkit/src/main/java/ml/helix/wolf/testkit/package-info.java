/** Fakes and fixtures that several modules' tests share: a Wolf, and a clock that is moved by hand. */
@NullMarked
package ml.helix.wolf.testkit;

import org.jspecify.annotations.NullMarked;
