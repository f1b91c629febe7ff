package ml.helix.wolf.controlplane.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import ml.helix.wolf.controlplane.http.ApiException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.junit.jupiter.api.Test;

class ListRoomTest {
    private final ListRoom room = new ListRoom(10);

    @Test
    void aListThatHasNoRoomNowIsRefusedUntilAnotherIsComplete() throws Exception {
        var first = new Caller();
        room.take(first.request, 6);

        assertThatThrownBy(() -> room.take(new Caller().request, 5))
                .isInstanceOfSatisfying(ApiException.class, refused -> {
                    assertThat(refused.error().status()).isEqualTo(503);
                    assertThat(refused.error().code()).isEqualTo("TooManyLists");
                    assertThat(refused.error().fields().get(HttpHeader.RETRY_AFTER))
                            .isEqualTo("1");
                });
        room.take(new Caller().request, 4);

        first.complete();
        room.take(new Caller().request, 6);
    }

    @Test
    void aListLongerThanAllRoomIsSentAlone() throws Exception {
        room.take(new Caller().request, 1_000_000);

        assertThatThrownBy(() -> room.take(new Caller().request, 1)).isInstanceOf(ApiException.class);
    }

    /** A request of which nothing is known but when it is complete. */
    private static final class Caller {
        private final List<UnaryOperator<HttpStream>> wrappers = new ArrayList<>();
        final Request request = fake(Request.class, wrappers);

        void complete() {
            HttpStream stream = fake(HttpStream.class, List.of());
            for (UnaryOperator<HttpStream> wrapper : wrappers) {
                stream = wrapper.apply(stream);
            }
            stream.succeeded();
        }

        @SuppressWarnings("unchecked")
        private static <T> T fake(Class<T> type, List<UnaryOperator<HttpStream>> wrappers) {
            return type.cast(
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                        if (method.getName().equals("addHttpStreamWrapper")) {
                            wrappers.add(stream -> ((Function<HttpStream, HttpStream>) arguments[0]).apply(stream));
                        }
                        return null;
                    }));
        }
    }
}
