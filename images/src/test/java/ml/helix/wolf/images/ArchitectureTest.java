package ml.helix.wolf.images;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Only the training runs use the playground. The root pom bans it as a dependency of every other module. */
@AnalyzeClasses(packages = "ml.helix.wolf.images", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule onlyTrainingRunsUseThePlayground = noClasses()
            .that()
            .haveSimpleNameNotEndingWith("Training")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ml.helix.wolf.playground..");
}
