package ml.helix.wolf.controlplane;

import static ml.helix.wolf.controlplane.http.AccessRule.OPEN;
import static ml.helix.wolf.controlplane.http.Route.any;
import static ml.helix.wolf.controlplane.http.Route.nothingElse;
import static ml.helix.wolf.controlplane.http.Route.on;
import static ml.helix.wolf.controlplane.http.Route.upgrade;
import static ml.helix.wolf.controlplane.http.TextResponse.each;
import static org.eclipse.jetty.http.HttpMethod.DELETE;
import static org.eclipse.jetty.http.HttpMethod.GET;
import static org.eclipse.jetty.http.HttpMethod.POST;
import static org.eclipse.jetty.http.HttpMethod.PUT;

import java.util.List;
import java.util.function.Supplier;
import ml.helix.wolf.controlplane.auth.AdminRules;
import ml.helix.wolf.controlplane.auth.RunnerAccess;
import ml.helix.wolf.controlplane.http.EventStream;
import ml.helix.wolf.controlplane.http.Route;
import ml.helix.wolf.controlplane.http.RouteHandler;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.controlplane.registry.InstanceRequests;
import ml.helix.wolf.controlplane.revdial.StatsHandler;
import org.eclipse.jetty.http.HttpStatus;

/** Every route of the control plane: its methods, its path, who may use it, what handles it. */
final class Routes {
    private static final String INSTANCES = "/api/v1/wolf-instances";

    private Routes() {}

    static List<Route> of(
            AdminRules admin,
            RunnerAccess runners,
            Supplier<TextResponse> readiness,
            Supplier<TextResponse> metrics,
            StatsHandler stats,
            RouteHandler revdial,
            InstanceRequests instances,
            RouteHandler proxy,
            RouteHandler routing,
            TextResponse.Maker page,
            EventStream.Source liveInstances) {
        return List.of(
                on(GET, "/livez", OPEN, each((request, path) -> TextResponse.line(HttpStatus.OK_200, "ok"))),
                on(GET, "/readyz", OPEN, each((request, path) -> readiness.get())),
                on(GET, "/metrics", admin.everyId(), each((request, path) -> metrics.get())),
                on(GET, "/api/v1/openapi.json", admin.anyToken(), each((request, path) -> OpenApi.response())),
                // It asks for a runner's token itself, since the token must open the id of its query.
                upgrade("/api/v1/revdial", OPEN, revdial),
                // Helix's client of November 2025 picks up here, without the prefix.
                upgrade("/revdial", OPEN, revdial),
                on(GET, "/api/v1/revdial/stats", admin.everyId(), each((request, path) -> stats.answer(request))),
                // Its files tell nothing; it asks for the token and then calls what is below.
                on(GET, "/", OPEN, each(page)),
                on(GET, "/page/{file}", OPEN, each(page)),
                on(GET, "/api/v1/events", admin.anyToken(), EventStream.each(liveInstances)),
                on(GET, INSTANCES, admin.anyToken(), each(instances::list)),
                on(POST, INSTANCES, admin.use(), each(instances::post)),
                on(GET, INSTANCES + "/{id}", admin.readIdIn("id"), each(instances::get)),
                on(PUT, INSTANCES + "/{id}", admin.idIn("id"), each(instances::put)),
                on(DELETE, INSTANCES + "/{id}", admin.idIn("id"), each(instances::delete)),
                on(POST, INSTANCES + "/{id}/heartbeat", admin.idInOrRunner("id", runners), each(instances::heartbeat)),
                on(POST, INSTANCES + "/{id}/drain", admin.idIn("id"), each(instances::drain)),
                on(POST, INSTANCES + "/{id}/undrain", admin.idIn("id"), each(instances::undrain)),
                on(GET, "/api/v1/capacity", admin.everyId(), each(instances::capacity)),
                any(INSTANCES + "/{id}/proxy", admin.idIn("id"), proxy),
                any(INSTANCES + "/{id}/proxy/**", admin.idIn("id"), proxy),
                // Routing chooses among the ids that the token opens.
                any("/api/v1/wolf", admin.use(), routing),
                any("/api/v1/wolf/**", admin.use(), routing),
                // Without a token nobody learns which paths there are below.
                nothingElse(
                        INSTANCES + "/**",
                        admin.anyToken(),
                        "no such path; a request to a Wolf goes to /api/v1/wolf-instances/{id}/proxy/{path}"));
    }
}
