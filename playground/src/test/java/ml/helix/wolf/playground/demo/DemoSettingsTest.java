package ml.helix.wolf.playground.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import ml.helix.wolf.program.Settings;
import ml.helix.wolf.program.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoSettingsTest {
    @TempDir
    private Path folder;

    @Test
    void withoutFlagsItStaysUpOnTheEmbeddedApi() throws UsageException {
        assertThat(read()).isEqualTo(new DemoSettings(false, Optional.empty()));
    }

    @Test
    void flagsTakeOneDashOrTwo() throws Exception {
        Path file = Files.createFile(folder.resolve("kubeconfig"));

        DemoSettings settings = read("--once", "-kubeconfig", file.toString());

        assertThat(settings.once()).isTrue();
        assertThat(settings.kubeconfig()).contains(file);
    }

    @Test
    void everyProblemIsNamedAtOnce() {
        assertThatThrownBy(() -> read("--kubeconfig", folder.resolve("absent").toString(), "--twice"))
                .isInstanceOfSatisfying(UsageException.class, e -> assertThat(e.problems())
                        .anyMatch(problem -> problem.contains("names no readable file"))
                        .anyMatch(problem -> problem.contains("--twice")));
    }

    @Test
    void theHelpFitsTheScreen() {
        assertThat(DemoSettings.PROGRAM.usage().lines()).allMatch(line -> line.length() <= 100);
    }

    private static DemoSettings read(String... arguments) throws UsageException {
        return DemoSettings.of(Settings.read(DemoSettings.PROGRAM, arguments, Map.of()));
    }
}
