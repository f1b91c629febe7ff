package ml.helix.wolf.crds.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CommittedCrdTest {
    private static final Path COMMITTED = Path.of("../manifests/crds/wolftunnels.wolf.helix.ml.yaml");
    private static final Path REFERENCE = Path.of("../docs/wolftunnel.md");

    @Test
    void committedCrdIsWhatTheJavaTypesMean() throws IOException {
        var generated = GeneratedCrd.yaml();
        if (System.getProperty("crd.write") != null) {
            Files.writeString(COMMITTED, generated);
        }
        assertThat(COMMITTED)
                .as("differs from the Java types: run ./mvnw test -pl crds -Dcrd.write and commit the file")
                .hasContent(generated);
    }

    @Test
    void committedReferenceIsWhatTheCrdSays() throws IOException {
        var generated = GeneratedReference.markdown();
        if (System.getProperty("crd.write") != null) {
            Files.writeString(REFERENCE, generated);
        }
        assertThat(REFERENCE)
                .as("differs from the CRD: run ./mvnw test -pl crds -Dcrd.write and commit the file")
                .hasContent(generated);
    }

    @Test
    void committedCrdFitsTwiceIntoTheAnnotationThatKubectlApplyKeepsItIn() throws IOException {
        assertThat(Files.size(COMMITTED)).isLessThan(256 * 1024 / 2);
    }
}
