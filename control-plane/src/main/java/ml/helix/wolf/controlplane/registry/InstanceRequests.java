package ml.helix.wolf.controlplane.registry;

import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;
import ml.helix.wolf.controlplane.auth.AccessToken;
import ml.helix.wolf.controlplane.auth.AdminRules;
import ml.helix.wolf.controlplane.http.ApiError;
import ml.helix.wolf.controlplane.http.ApiException;
import ml.helix.wolf.controlplane.http.JsonBody;
import ml.helix.wolf.controlplane.http.PathMatch;
import ml.helix.wolf.controlplane.http.Query;
import ml.helix.wolf.controlplane.http.TextResponse;
import ml.helix.wolf.program.RunnerId;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;

/** Answers the requests to {@code /api/v1/wolf-instances} and {@code /api/v1/capacity}. Thread safe. */
public record InstanceRequests(
        Registry registry, RecordSync sync, AdminRules rules, InstantSource clock, ListRoom room) {
    private static final int TOO_MANY_REQUESTS = 429;

    /** GET of all that the token opens. */
    public TextResponse list(Request request, PathMatch path) throws ApiException {
        InstanceFilter filter = InstanceFilter.of(Query.of(request));
        Optional<AccessToken> token = AccessToken.admitted(request);
        InstanceFilter.Page page = filter.page(registry.all().stream()
                .filter(instance ->
                        token.filter(known -> known.opens(instance.id())).isPresent())
                .toList());
        room.take(request, page.instances().size());
        return TextResponse.json(page);
    }

    /** GET of one. */
    public TextResponse get(Request request, PathMatch path) throws ApiException {
        return TextResponse.json(find(id(path)));
    }

    /** POST: creates or changes one; its id is in the body. */
    public TextResponse post(Request request, PathMatch path) throws ApiException, IOException, InterruptedException {
        InstanceBody body = JsonBody.read(request, InstanceBody.class);
        if (body.id() == null) {
            throw new ApiException(ApiError.badRequest("id: is missing"));
        }
        rules.requireOpens(request, body.id());
        var record = InstanceRecord.registered(body.id(), body.facts());
        return register(record, new AdminChange.Merge(record));
    }

    /** PUT: creates one, or replaces all that is known of it. */
    public TextResponse put(Request request, PathMatch path) throws ApiException, IOException, InterruptedException {
        String id = id(path);
        InstanceBody body = JsonBody.read(request, InstanceBody.class);
        requireSameId(id, body);
        var record = InstanceRecord.registered(id, body.facts());
        return register(record, new AdminChange.Replace(record));
    }

    private TextResponse register(InstanceRecord record, AdminChange change) throws ApiException, InterruptedException {
        boolean known = registry.records()
                .find(record.id())
                .filter(InstanceRecord::isRegistered)
                .isPresent();
        save(change);
        return TextResponse.json(known ? HttpStatus.OK_200 : HttpStatus.CREATED_201, registry.written(record));
    }

    /** DELETE: forgets one. If it is connected, it stays in the list. */
    public TextResponse delete(Request request, PathMatch path) throws ApiException, InterruptedException {
        Instance instance = find(id(path));
        sync.save(new AdminChange.Forget(instance.id()));
        return TextResponse.noContent();
    }

    /** POST …/drain: nothing new goes there. */
    public TextResponse drain(Request request, PathMatch path) throws ApiException, InterruptedException {
        return drain(path, true);
    }

    /** POST …/undrain. */
    public TextResponse undrain(Request request, PathMatch path) throws ApiException, InterruptedException {
        return drain(path, false);
    }

    private TextResponse drain(PathMatch path, boolean draining) throws ApiException, InterruptedException {
        Instance instance = find(id(path));
        InstanceRecord change = InstanceRecord.draining(instance.id(), draining);
        save(new AdminChange.Merge(change));
        return TextResponse.json(registry.written(change));
    }

    /** POST …/heartbeat. Fields that a newer agent knows are left out. Never waits for the store. */
    public TextResponse heartbeat(Request request, PathMatch path) throws ApiException, IOException {
        String id = id(path);
        InstanceBody body = JsonBody.readKnown(request, InstanceBody.class);
        requireSameId(id, body);
        InstanceRecord heartbeat = InstanceRecord.heartbeat(id, body.facts(), Records.millis(clock.instant()));
        if (!registry.records().change(heartbeat)) {
            throw full();
        }
        return TextResponse.json(registry.written(heartbeat));
    }

    /** GET of the capacity. */
    public TextResponse capacity(Request request, PathMatch path) {
        return TextResponse.json(Capacity.of(registry.all()));
    }

    private void save(AdminChange change) throws ApiException, InterruptedException {
        if (!registry.records().hasRoomFor(change)) {
            throw full();
        }
        sync.save(change);
    }

    private static ApiException full() {
        return new ApiException(new ApiError(
                TOO_MANY_REQUESTS,
                "TooManyInstances",
                "there are " + Records.MAX_RECORDS
                        + " instances already, or what is known of them takes an eighth of the"
                        + " memory; delete some",
                HttpFields.build().put(HttpHeader.RETRY_AFTER, 60)));
    }

    private Instance find(String id) throws ApiException {
        return registry.find(id).orElseThrow(() -> new ApiException(ApiError.notFound("no such instance: " + id)));
    }

    private static void requireSameId(String id, InstanceBody body) throws ApiException {
        if (body.id() != null && !body.id().equals(id)) {
            throw new ApiException(ApiError.badRequest("id: must be the one in the path, or be left out"));
        }
    }

    private static String id(PathMatch path) throws ApiException {
        try {
            return RunnerId.check(path.parameter("id"));
        } catch (IllegalArgumentException e) {
            throw new ApiException(ApiError.badRequest("id: " + e.getMessage()));
        }
    }
}
