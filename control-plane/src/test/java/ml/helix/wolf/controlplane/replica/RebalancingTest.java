package ml.helix.wolf.controlplane.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RebalancingTest {

    @ParameterizedTest(name = "{0} here, {1} there, moving {2}: {3}")
    @CsvSource({
        "0, 0, false, 0",
        "1, 0, false, 0",
        "2, 1, false, 0",
        "120, 80, false, 0",
        "121, 80, false, 2",
        "110, 90, false, 0",
        "110, 90, true, 1",
        "105, 95, true, 0",
        "95, 105, true, 0",
        "10000, 0, false, 50",
    })
    void beyondTwentyPercentHalfAPercentMovesUntilFive(int own, int other, boolean moving, int expected) {
        assertThat(Rebalancing.step(own, List.of(other), moving)).isEqualTo(expected);
    }

    @Test
    void aSingleReplicaGivesNothingAway() {
        assertThat(Rebalancing.step(10_000, List.of(), true)).isZero();
    }

    @Test
    void fromTwoToFourReplicasAllAreWithinTenPercentInTwoMinutes() {
        var random = new Random(1);
        int[] held = {5000, 5000, 0, 0};
        boolean[] moving = new boolean[4];
        int seconds = 0;
        while (seconds < 120 && !withinTenPercent(held)) {
            seconds++;
            int[] before = held.clone();
            for (int i = 0; i < 4; i++) {
                List<Integer> others = new ArrayList<>();
                for (int j = 0; j < 4; j++) {
                    if (j != i) {
                        others.add(before[j]);
                    }
                }
                int step = Rebalancing.step(before[i], others, moving[i]);
                moving[i] = step > 0;
                held[i] -= step;
                for (int moved = 0; moved < step; moved++) {
                    held[random.nextInt(4)]++; // the load balancer may send it back
                }
            }
        }
        assertThat(withinTenPercent(held)).isTrue();
        System.out.println("replicas: 10,000 tunnels from two to four replicas, within 10 % after " + seconds + " s");
    }

    private static boolean withinTenPercent(int[] held) {
        for (int count : held) {
            if (Math.abs(count - 2500) > 250) {
                return false;
            }
        }
        return true;
    }
}
