package ml.helix.wolf.bench.longhaul;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LimitsTest {
    private static final String QUIET =
            "0 0 10.77.0.2:40000 10.77.0.1:8080 cubic rto:204 mss:1448 cwnd:10 bytes_sent:100 busy:4ms\n";
    private static final String BUSY =
            "0 3801088 10.77.0.2:40001 10.77.0.1:8080 cubic wscale:7,7 rto:304 rtt:100.1/0.1 mss:1448 pmtu:1500 cwnd:2896 ssthresh:9"
                    + " bytes_sent:300000000 busy:10000ms rwnd_limited:2500ms(25.0%) sndbuf_limited:5000ms(50.0%) unacked:2000\n";

    @Test
    void theBusiestConnectionIsTheOneThatHasSentMost() {
        assertThat(Limits.busiest(QUIET + BUSY))
                .hasValueSatisfying(limits -> assertThat(limits.sent()).isEqualTo(300_000_000));
        assertThat(Limits.busiest("")).isEmpty();
    }

    @Test
    void sharesAreOfTheTimeWithSomethingToSend() {
        assertThat(Limits.busiest(BUSY)).contains(new Limits(300_000_000, 10_000, 0.25, 0.5, 2896 * 1448));
    }

    @Test
    void aConnectionThatNothingLimitedHasNoShares() {
        assertThat(Limits.busiest(QUIET)).contains(new Limits(100, 4, 0, 0, 10 * 1448));
    }
}
