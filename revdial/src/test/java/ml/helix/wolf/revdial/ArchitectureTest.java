package ml.helix.wolf.revdial;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the protocol must not know: it is the same over any transport, in the agent and in the control plane. */
@AnalyzeClasses(packages = "ml.helix.wolf.revdial", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule theProtocolKnowsNoSocket = noClasses()
            .that()
            .resideInAPackage("ml.helix.wolf.revdial")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.net.Socket")
            .orShould()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "java.nio.channels..",
                    "javax.net..",
                    "jdk.net..",
                    "java.net.http..",
                    "ml.helix.wolf.revdial.socket..");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();
}
