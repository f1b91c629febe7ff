package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WrongTokensTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private final WrongTokens wrong = new WrongTokens(now::get);

    @Test
    void anAddressThatSendsManyWaitsForTheRestOfTheMinute() {
        assertThat(waits("192.0.2.1", WrongTokens.MOST_PER_WINDOW)).isZero();
        now.addAndGet(Duration.ofSeconds(20).toNanos());
        assertThat(waits("192.0.2.1", 1)).isEqualTo(Duration.ofSeconds(40));
        assertThat(waits("192.0.2.2", 1)).as("another address").isZero();
        now.addAndGet(Duration.ofSeconds(40).toNanos());
        assertThat(waits("192.0.2.1", WrongTokens.MOST_PER_WINDOW)).isZero();
    }

    @Test
    void anIpv6NetworkCountsAsOneAddress() {
        waits("2001:db8:0:1::1", WrongTokens.MOST_PER_WINDOW);
        assertThat(waits("2001:db8:0:1:ffff::2", 1)).isPositive();
        assertThat(waits("2001:db8:0:2::1", 1)).isZero();
    }

    /** The last of so many. */
    private Duration waits(String address, int times) {
        Duration last = Duration.ZERO;
        for (int i = 0; i < times; i++) {
            last = wrong.add(InetAddress.ofLiteral(address));
        }
        return last;
    }
}
