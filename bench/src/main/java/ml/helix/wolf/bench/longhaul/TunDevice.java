package ml.helix.wolf.bench.longhaul;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * A network interface of Linux whose packets this process reads and writes, one at a time. Needs root. One thread may read while another
 * one writes.
 */
final class TunDevice {
    static final int LARGEST_PACKET = 65_536;

    private static final int O_RDWR = 2;
    /** {@code TUNSETIFF}, and the flags of an interface with IP packets and nothing before them (linux/if_tun.h). */
    private static final long TUNSETIFF = 0x400454caL;

    private static final short IFF_TUN_NO_PI = 0x1001;
    private static final int NAME_LENGTH = 16;
    private static final int SIZE_OF_IFREQ = 40;

    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final VarHandle ERRNO_OF_STATE =
            Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));
    private static final MethodHandle OPEN = function(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), ERRNO, Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL = function(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            ERRNO,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle READ =
            function("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), ERRNO);
    private static final MethodHandle WRITE =
            function("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), ERRNO);

    private final int descriptor;

    private TunDevice(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Makes the interface; it goes when this process ends. */
    static TunDevice create(String name) throws IOException {
        return new TunDevice(call("make the network interface " + name, (arena, state) -> {
            int descriptor = (int) OPEN.invokeExact(state, arena.allocateFrom("/dev/net/tun"), O_RDWR);
            MemorySegment request = arena.allocate(SIZE_OF_IFREQ);
            request.setString(0, name);
            request.set(JAVA_SHORT, NAME_LENGTH, IFF_TUN_NO_PI);
            int result = descriptor < 0 ? descriptor : (int) IOCTL.invokeExact(state, descriptor, TUNSETIFF, request);
            return result < 0 ? result : descriptor;
        }));
    }

    /** Waits for a packet that the system sends through the interface; returns its length. */
    int read(MemorySegment packet) throws IOException {
        return call("read a packet", (arena, state) ->
                (int) (long) READ.invokeExact(state, descriptor, packet, packet.byteSize()));
    }

    /** Makes the system receive a packet. */
    void write(MemorySegment packet) throws IOException {
        call("write a packet", (arena, state) ->
                (int) (long) WRITE.invokeExact(state, descriptor, packet, packet.byteSize()));
    }

    @SuppressWarnings("restricted") // a foreign function is whatever its descriptor says
    private static MethodHandle function(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    /** A call of a foreign function that returns -1 and sets {@code errno} if it fails. */
    @FunctionalInterface
    private interface Call {
        int run(Arena arena, MemorySegment state) throws Throwable;
    }

    private static int call(String what, Call call) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int result = call.run(arena, state);
            if (result < 0) {
                throw new IOException("can't " + what + ": errno " + (int) ERRNO_OF_STATE.get(state, 0L));
            }
            return result;
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
