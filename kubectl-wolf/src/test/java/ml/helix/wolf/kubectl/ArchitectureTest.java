package ml.helix.wolf.kubectl;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callMethod;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;

/** What the plugin's packages must not know. */
@AnalyzeClasses(packages = "ml.helix.wolf.kubectl", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String PLUGIN = "ml.helix.wolf.kubectl.";

    @ArchTest
    static final ArchRule onlyTheClusterKnowsKubernetesClient = noClasses()
            .that()
            .resideOutsideOfPackage(PLUGIN + "cluster")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.fabric8..");

    @ArchTest
    static final ArchRule onlyCommandsKnowPicocli = noClasses()
            .that()
            .resideOutsideOfPackage(PLUGIN + "command")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("picocli..");

    @ArchTest
    static final ArchRule whatIsShownIsPure = noClasses()
            .that()
            .resideInAnyPackage(PLUGIN + "status", PLUGIN + "doctor")
            .should()
            .dependOnClassesThat(
                    resideInAnyPackage(PLUGIN + "cluster", PLUGIN + "controlplane", PLUGIN + "command", "java.net.."))
            .orShould(callMethod(Instant.class, "now"));

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();
}
