package ml.helix.wolf.crds.v1alpha1;

/** A TCP port in a rule: as a pattern, since the API server reckons a number's conversion as too dear. */
final class Ports {
    /** 1 to 65535, without leading zeros. */
    static final String REGEX =
            "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

    private Ports() {}
}
