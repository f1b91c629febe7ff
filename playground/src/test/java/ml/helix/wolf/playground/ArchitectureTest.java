package ml.helix.wolf.playground;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The embedded API and the simulated nodes stand alone: the training runs of the images use them without the demo. */
@AnalyzeClasses(packages = "ml.helix.wolf.playground", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule nothingUsesTheDemo = noClasses()
            .that()
            .resideOutsideOfPackage("..playground.demo..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..playground.demo..");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.playground.(**)").should().beFreeOfCycles();
}
