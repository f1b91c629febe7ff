package ml.helix.wolf.websocket;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.net.ProtocolException;

/** Frames are the same over any transport: the codec knows no socket, thread, clock or log. */
@AnalyzeClasses(packages = "ml.helix.wolf.websocket", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule theCodecKnowsNothingButBytes = classes()
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                            "ml.helix.wolf.websocket",
                            "java.io",
                            "java.lang",
                            "java.lang.invoke",
                            "java.nio",
                            "java.nio.charset",
                            "java.security",
                            "java.util",
                            "java.util.function",
                            "org.jspecify.annotations")
                    .or(type(ProtocolException.class)));
}
