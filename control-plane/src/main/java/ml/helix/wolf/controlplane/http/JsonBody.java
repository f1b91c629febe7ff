package ml.helix.wolf.controlplane.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.MimeTypes;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a request: one JSON object, into a record. Strict: nothing but the record's fields, each once and of its
 * type, and nothing behind the object. A field may be absent or null only if its component is {@link Nullable}. The record's
 * constructor checks the values and throws an IllegalArgumentException that names each bad field.
 */
public final class JsonBody {
    /** In bytes. */
    static final int MAX_LENGTH = 64 * 1024;

    static final int MAX_DEPTH = 16;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(32)
                            .maxNameLength(512) // a label's key may have 317
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS, DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(LogicalType.Textual, strings -> Stream.of(
                            CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean)
                    .forEach(shape -> strings.setCoercion(shape, CoercionAction.Fail)))
            .build();

    private JsonBody() {}

    /**
     * Waits for the body and reads it.
     *
     * @throws ApiException 415 if it isn't sent as {@code application/json}, 413 if it is longer than 64 KiB, 400 if it is
     *     no JSON object that fits the record, naming every bad field
     * @throws IOException if the caller went away before its end
     */
    public static <T extends Record> T read(Request request, Class<T> type) throws ApiException, IOException {
        return read(bytes(request), type, false);
    }

    /** The same for a program that may be newer than this one: fields that the record doesn't have are left out. */
    public static <T extends Record> T readKnown(Request request, Class<T> type) throws ApiException, IOException {
        return read(bytes(request), type, true);
    }

    private static byte[] bytes(Request request) throws ApiException, IOException {
        String contentType = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        if (contentType == null
                || !MimeTypes.getContentTypeWithoutCharset(contentType).equalsIgnoreCase(Json.TYPE)) {
            throw new ApiException(new ApiError(
                    HttpStatus.UNSUPPORTED_MEDIA_TYPE_415, "UnsupportedMediaType", "the body must be " + Json.TYPE));
        }
        byte[] body = request.getLength() > MAX_LENGTH
                ? new byte[MAX_LENGTH + 1]
                : Content.Source.asInputStream(request).readNBytes(MAX_LENGTH + 1);
        if (body.length > MAX_LENGTH) {
            throw new ApiException(new ApiError(
                    HttpStatus.PAYLOAD_TOO_LARGE_413,
                    "PayloadTooLarge",
                    "a JSON body may have " + MAX_LENGTH + " bytes"));
        }
        return body;
    }

    static <T extends Record> T read(byte[] body, Class<T> type, boolean unknownFields) throws ApiException {
        JsonNode tree;
        try {
            tree = MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            throw new ApiException(ApiError.badRequest("the body is no JSON: " + e.getOriginalMessage()));
        } catch (IOException e) {
            throw new AssertionError("bytes in memory can be read", e);
        }
        if (!(tree instanceof ObjectNode fields)) {
            throw new ApiException(ApiError.badRequest("the body must be one JSON object"));
        }
        return create(type, fields, unknownFields);
    }

    private static <T extends Record> T create(Class<T> type, ObjectNode fields, boolean unknownFields)
            throws ApiException {
        List<String> problems = new ArrayList<>();
        RecordComponent[] components = type.getRecordComponents();
        @Nullable Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            values[i] = value(components[i], fields.remove(components[i].getName()), problems);
        }
        if (!unknownFields) {
            fields.fieldNames().forEachRemaining(name -> problems.add(name + ": no such field"));
        }
        refuse(problems);
        try {
            var constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException bad) {
                throw new ApiException(ApiError.badRequest(String.valueOf(bad.getMessage())));
            }
            throw new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable Object value(RecordComponent component, @Nullable JsonNode given, List<String> problems) {
        String name = component.getName();
        if (given == null || given.isNull()) {
            if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                problems.add(name + ": is missing");
            }
            return null;
        }
        JavaType wanted = MAPPER.constructType(component.getGenericType());
        try {
            return MAPPER.readerFor(wanted).readValue(given);
        } catch (UnrecognizedPropertyException e) {
            problems.add(name + pathWithin(e) + ": no such field");
        } catch (MismatchedInputException e) {
            JavaType expected = e.getTargetType() == null ? wanted : MAPPER.constructType(e.getTargetType());
            problems.add(name + pathWithin(e) + ": must be " + describe(expected));
        } catch (JsonProcessingException e) {
            problems.add(name + ": must be " + describe(wanted));
        } catch (IOException e) {
            throw new AssertionError("a tree in memory can be read", e);
        }
        return null;
    }

    private static String pathWithin(JsonMappingException e) {
        return e.getPath().stream()
                .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : "." + step.getFieldName())
                .collect(Collectors.joining());
    }

    private static String describe(JavaType type) {
        Class<?> raw = type.getRawClass();
        if (raw == boolean.class || raw == Boolean.class) {
            return "true or false";
        }
        if (raw == int.class || raw == Integer.class || raw == long.class || raw == Long.class) {
            return "a whole number that fits into " + (raw == int.class || raw == Integer.class ? 32 : 64) + " bits";
        }
        if (Number.class.isAssignableFrom(raw) || raw.isPrimitive()) {
            return "a number";
        }
        return raw == String.class ? "a string" : type.isCollectionLikeType() ? "a list" : "an object";
    }

    private static void refuse(List<String> problems) throws ApiException {
        if (!problems.isEmpty()) {
            throw new ApiException(ApiError.badRequest(String.join("; ", problems)));
        }
    }
}
