package ml.helix.wolf.revdial;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.net.ProtocolException;

/** The protocol is the same over any transport: it knows no socket, WebSocket library, HTTP server or Kubernetes. */
@AnalyzeClasses(packages = "ml.helix.wolf.revdial", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String PROTOCOL = "ml.helix.wolf.revdial";
    private static final String SOCKET = "ml.helix.wolf.revdial.socket";

    @ArchTest
    static final ArchRule theProtocolKnowsNothingButJavaLoggingAndJsonTokens = classes()
            .that()
            .resideInAPackage(PROTOCOL)
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                            PROTOCOL,
                            "java.io",
                            "java.lang..",
                            "java.nio",
                            "java.nio.charset",
                            "java.security",
                            "java.time",
                            "java.util..",
                            "com.fasterxml.jackson.core..",
                            "org.jspecify.annotations",
                            "org.slf4j")
                    .or(type(ProtocolException.class)));

    @ArchTest
    static final ArchRule onlyTheSocketPackageKnowsSockets = classes()
            .that()
            .resideInAPackage(SOCKET)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    PROTOCOL,
                    SOCKET,
                    "java.io",
                    "java.lang..",
                    "java.net",
                    "java.time",
                    "java.util..",
                    "jdk.net",
                    "org.jspecify.annotations");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("ml.helix.wolf.(**)").should().beFreeOfCycles();
}
