package ml.helix.wolf.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessTokenTest {
    private static final String TOKEN = "0123456789abcdef";

    @ParameterizedTest
    @CsvSource({
        "wolf-gpu-1,wolf-gpu-1,true",
        "wolf-gpu-1,wolf-gpu-10,false",
        "wolf-gpu-1,a-wolf-gpu-1,false",
        "wolf-*,wolf-,true",
        "wolf-*,wolf-Ω/1 2,true",
        "wolf-*,wolf,false",
        "*,anything,true",
        "*-lab-*,wolf-lab-1,true",
        "*-lab-*,wolf-lab,false",
        "wolf-??,wolf-12,true",
        "wolf-??,wolf-😀1,true",
        "wolf-??,wolf-1,false",
        "wolf.1,wolf-1,false",
        "WOLF-1,wolf-1,false",
        "*a*a*a*a*a*a*a*a*a*a*a*b,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,false"
    })
    void aGlobOpensItsIdsAndNoOther(String glob, String id, boolean opens) {
        assertThat(AccessToken.list("name " + TOKEN + " " + glob).getFirst().opens(id))
                .isEqualTo(opens);
    }

    @Test
    void aTokenWithoutGlobsOpensEveryIdAndOneWithGlobsNotTheWhole() {
        var tokens =
                AccessToken.list(TOKEN + "-1\r\n\n  rack-2\t" + TOKEN + "-2\nrack-3 " + TOKEN + "-3 wolf-a wolf-b-*");
        assertThat(tokens).hasSize(3);
        assertThat(tokens.get(0).opensAll()).isTrue();
        assertThat(tokens.get(1).name()).isEqualTo("rack-2");
        assertThat(tokens.get(1).opens("x")).isTrue();
        assertThat(tokens.get(2).opensAll()).isFalse();
        assertThat(tokens.get(2).opens("wolf-a")).isTrue();
        assertThat(tokens.get(2).opens("wolf-b-1")).isTrue();
        assertThat(tokens.get(2).opens("wolf-c")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "0123456789abcde,2,shorter than 16",
        "name 0123456789abcde,2,shorter than 16",
        "name 0123456789abcdeß,2,non-ASCII",
        "n&me 0123456789abcdef!,2,the name",
        "name 0123456789abcdef wolf-1,2,the same token",
        "name 0123456789abcdef read,2,the same token"
    })
    void aBadLineIsNamedByItsNumberAlone(String line, int number, String why) {
        assertThatThrownBy(() -> AccessToken.list(TOKEN + "\n" + line + "\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bad line " + number)
                .hasMessageContaining(why)
                .hasMessageNotContaining("0123456789");
    }

    @Test
    void theSameTokenTwiceIsNoProblemWhereItOpensTheSame() {
        assertThat(AccessToken.list(TOKEN + "\n" + TOKEN)).hasSize(1);
    }

    @Test
    void readAfterTheTokenMakesItReadOnlyAndGlobsMayFollow() {
        var tokens = AccessToken.list("ops " + TOKEN + "-1 read\neu " + TOKEN + "-2 read wolf-eu-*\nx " + TOKEN
                + "-3 wolf-x read\nread " + TOKEN + "-4");
        assertThat(tokens).extracting(AccessToken::readOnly).containsExactly(true, true, false, false);
        assertThat(tokens.get(0).opensAll()).isTrue();
        assertThat(tokens.get(1).opens("wolf-eu-1")).isTrue();
        assertThat(tokens.get(1).opens("read")).isFalse();
        assertThat(tokens.get(2).opens("read")).isTrue();
    }
}
