package ml.helix.wolf.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The grammar of a command line, row by row, and that no message repeats what may be a secret. */
class SettingsGrammarTest {
    private static final Flag TOKEN = Flag.value("token", "TOKEN", "", "the token.");
    private static final Flag TOKEN_FILE = Flag.value("token-file", "TOKEN_FILE", "", "the token's file.");
    private static final Flag WAIT = Flag.value("wait", "WAIT_SECONDS", "5", "how long to wait.");
    private static final Flag INSECURE = Flag.toggle("insecure", "INSECURE", "trusts anybody.");
    private static final Program PROGRAM = new Program(
            "agent",
            "Does its work.",
            List.of(TOKEN, TOKEN_FILE, WAIT, INSECURE),
            Map.of("", "runs", "doctor", "checks", "version", "prints it"));

    /** The arguments are separated by spaces, {@code ''} is an empty one; the outcome lists what differs from none. */
    @ParameterizedTest(name = "[{0}]")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                             | ``
            -token a                       | token=a
            --token a                      | token=a
            -token=a                       | token=a
            --token=a                      | token=a
            -token=a=b                     | token=a=b
            -token==                       | token==
            -token a -token b              | token=b
            -token=a --token b             | token=b
            -token ''                      | ``
            -token=                        | ``
            -token a -token=               | ``
            -wait=                         | wait=
            -token a -token-file b         | token=a token-file=b
            -token -                       | token=-
            -token -5                      | token=-5
            -token @a                      | token=@a
            -token -nonsense               | token=-nonsense
            -token doctor                  | token=doctor
            -token doctor version          | token=doctor command=version
            doctor -token a                | token=a command=doctor
            -token a doctor                | token=a command=doctor
            -token a doctor -wait 7        | token=a wait=7 command=doctor
            -- doctor                      | command=doctor
            -token a -- version            | token=a command=version
            doctor --                      | command=doctor
            -insecure                      | insecure=true
            --insecure                     | insecure=true
            -insecure=true                 | insecure=true
            -insecure=TRUE                 | insecure=true
            -insecure=1                    | insecure=true
            -insecure=false                | ``
            -insecure=                     | ``
            -insecure -insecure=false      | ``
            -insecure=false -insecure      | insecure=true
            -insecure doctor               | insecure=true command=doctor
            -insecure=maybe                | [-insecure (INSECURE) must be true or false]
            -help                          | help
            --help=false                   | ``
            -help -nonsense                | help [unknown flag -nonsense]
            -token                         | [-token needs a value]
            doctor -token                  | command=doctor [-token needs a value]
            -token -wait                   | [-token needs a value, -wait needs a value]
            -token -insecure               | insecure=true [-token needs a value]
            -token --                      | [-token needs a value]
            -token=-wait                   | [-token needs a value]
            -nonsense                      | [unknown flag -nonsense]
            --nonsense=a                   | [unknown flag --nonsense]
            -nonsense -more                | [unknown flag -nonsense]
            -tokens                        | [unknown flag -tokens]
            -toke                          | [unknown flag -toke]
            -t                             | [unknown flag -t]
            -TOKEN                         | [unknown flag -TOKEN]
            ---token                       | [unknown flag ---token]
            -=a                            | [unknown flag -]
            -nonsense doctor               | command=doctor [unknown flag -nonsense]
            docter                         | [unknown command 'docter']
            a-b                            | [unknown command (not printed, it may be a secret)]
            -                              | [unknown command (not printed, it may be a secret)]
            =a                             | [unknown command (not printed, it may be a secret)]
            -- -token                      | [unknown command (not printed, it may be a secret)]
            -nonsense docter               | [unknown flag -nonsense, unknown command (not printed, it may be a secret)]
            doctor version                 | [one command at a time, not 2]
            """)
    void argumentsAreReadAsTheGrammarSays(String arguments, String outcome) {
        assertThat(outcome(words(arguments))).isEqualTo(outcome);
    }

    private static String[] words(String arguments) {
        return Stream.of(arguments.split(" "))
                .filter(word -> !word.isEmpty())
                .map(word -> word.equals("''") ? "" : word)
                .toArray(String[]::new);
    }

    private static String outcome(String... arguments) {
        var settings = Settings.read(PROGRAM, arguments, Map.of());
        List<String> found = new ArrayList<>();
        settings.text(TOKEN).ifPresent(text -> found.add("token=" + text));
        settings.text(TOKEN_FILE).ifPresent(text -> found.add("token-file=" + text));
        String wait = settings.text(WAIT).orElse("");
        if (!wait.equals("5")) {
            found.add("wait=" + wait);
        }
        if (settings.toggle(INSECURE)) {
            found.add("insecure=true");
        }
        if (settings.helpWanted()) {
            found.add("help");
        }
        if (!settings.command().isEmpty()) {
            found.add("command=" + settings.command());
        }
        try {
            settings.done();
        } catch (UsageException e) {
            found.add(e.problems().toString());
        }
        return String.join(" ", found);
    }

    @Test
    void noArgumentsThrowOrLetASecretThrough() {
        String[] pieces = {
            "-token",
            "--token=hunter2",
            "-tokn",
            "--tokn=hunter2",
            "hunter2",
            "-insecure",
            "-insecure=hunter2",
            "-wait",
            "doctor",
            "docter",
            "-",
            "--",
            "---",
            "=",
            "=hunter2",
            "-=hunter2",
            "--=hunter2",
            "",
            "-help",
            "@hunter2"
        };
        var random = new Random(1);
        for (int i = 0; i < 5_000; i++) {
            String[] arguments = random.ints(1 + random.nextInt(6), 0, pieces.length)
                    .mapToObj(piece -> pieces[piece])
                    .toArray(String[]::new);
            var settings = Settings.read(PROGRAM, arguments, Map.of());
            settings.toggle(INSECURE);
            try {
                settings.done();
            } catch (UsageException e) {
                assertThat(e.problems().toString())
                        .as(String.join(" ", arguments))
                        .doesNotContain("hunter");
            }
        }
    }
}
