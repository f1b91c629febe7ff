package ml.helix.wolf.agent.heartbeat;

import org.jspecify.annotations.Nullable;

/**
 * What Wolf tells of itself. Null is what it doesn't tell.
 *
 * @param activeSessions how many sessions it has; with Helix's fork, how many desktops run: see {@link #of}
 * @param health its own word
 */
record WolfFacts(
        @Nullable Integer activeSessions,
        @Nullable String health,
        @Nullable Gpu gpu) {
    static final WolfFacts NONE = new WolfFacts(null, null, null);

    /** Wolf's GPU, as far as it is known. */
    record Gpu(
            @Nullable String name,
            @Nullable Double utilizationPercent,
            @Nullable Integer memoryUsedMb,
            @Nullable Integer memoryTotalMb,
            @Nullable Double temperatureCelsius,
            @Nullable Integer encoderSessions) {}

    /**
     * The answer to {@code /api/v1/system/memory}, which only Helix's fork gives.
     *
     * @param lobbies desktops that run whether or not anybody watches
     * @param watchers the sessions that watch one of them
     */
    record Memory(int lobbies, int watchers, @Nullable Gpu gpu) {}

    /**
     * Joins Wolf's answers. In Helix's fork a lobby is a desktop, and Helix counts lobbies against its limit; a session that
     * watches a lobby runs nothing of its own. So what counts is the lobbies and the sessions that are in none.
     */
    static WolfFacts of(@Nullable Integer sessions, @Nullable String health, @Nullable Memory memory) {
        Integer active = sessions;
        if (memory != null) {
            int alone = sessions == null ? 0 : Math.max(0, sessions - memory.watchers());
            active = Math.min(WolfAnswers.MAX_COUNT, memory.lobbies() + alone);
        }
        return new WolfFacts(active, health, memory == null ? null : memory.gpu());
    }
}
