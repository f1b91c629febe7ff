package ml.helix.wolf.operator.http;

import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.http.HttpClient;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes the JDK's clients for Fabric8's client, with WebSockets that are a {@link PingedListener}'s. */
public final class PingingClientFactory extends JdkHttpClientFactory {
    private static final Duration BETWEEN_PINGS = Duration.ofSeconds(10);

    @Override
    protected HttpClient.Builder createNewHttpClientBuilder() {
        return pinging(super.createNewHttpClientBuilder(), BETWEEN_PINGS);
    }

    /** The same builder, but for the client that it builds. */
    static HttpClient.Builder pinging(HttpClient.Builder builder, Duration betweenPings) {
        return (HttpClient.Builder) Proxy.newProxyInstance(
                PingingClientFactory.class.getClassLoader(),
                new Class<?>[] {HttpClient.Builder.class},
                (proxy, method, arguments) -> invoked(builder, method, arguments) instanceof HttpClient built
                        ? new PingingClient(built, betweenPings)
                        : proxy);
    }

    private static @Nullable Object invoked(Object target, Method method, Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }
}
