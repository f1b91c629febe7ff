package ml.helix.wolf.crds.v1alpha1;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The servers to which the agents keep their tunnels: how they reach them, and whom they trust. Mostly it is one. */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "has(self.url) != has(self.urls)",
        message =
                "must have exactly one of url, for example url: https://helix.example.com, and urls, for several control"
                        + " planes")
@ValidationRule(
        value = "!self.insecureSkipVerify || " + ControlPlane.SOME_HTTPS,
        message = "insecureSkipVerify applies to https:// only: write https:// in url, or remove it")
@ValidationRule(
        value = "!has(self.caBundleRef) || " + ControlPlane.SOME_HTTPS,
        message = "caBundleRef applies to https:// only: write https:// in url, or remove it")
public record ControlPlane(
        @Size(max = 2048)
        @ValidationRule(value = "self." + UrlRules.HTTP, message = "must " + UrlRules.SAY_HTTP)
        @ValidationRule(
                value = "!self." + UrlRules.HTTP + " || !self." + UrlRules.MORE_THAN_A_BASE,
                message = "must " + UrlRules.SAY_A_BASE)
        @ValidationRule(
                value = "!self." + UrlRules.WITH_A_HOST + " || self." + UrlRules.WITH_A_GOOD_HOST,
                message = "must " + UrlRules.SAY_A_HOST)
        @ValidationRule(
                value = "!self." + UrlRules.WITH_A_PORT + " || self." + UrlRules.WITH_A_GOOD_PORT,
                message = UrlRules.SAY_A_PORT)
        @ValidationRule(
                value = "!self." + UrlRules.WITH_BRACKETS
                        + " || isIP(self.substring(self.indexOf('[') + 1, self.indexOf(']')))",
                message = UrlRules.SAY_BRACKETS)
        @ValidationRule(
                value = "!self." + UrlRules.WITH_A_PATH + " || self." + UrlRules.WITH_A_GOOD_PATH,
                message = "must " + UrlRules.SAY_A_PATH)
        @ValidationRule(value = "!self." + UrlRules.WITH_THE_ENDPOINT, message = "must " + UrlRules.SAY_NO_ENDPOINT)
        @ValidationRule(value = "!self." + UrlRules.A_LIST, message = UrlRules.SAY_NO_LIST)
        @JsonPropertyDescription(
                "The control plane's base URL, http or https, without /api/v1/revdial; a path prefix is kept.")
        @Nullable
        String url,

        @Size(min = 1, max = 8)
        @ValidationRule(value = "self.all(u, u." + UrlRules.HTTP + ")", message = "each must " + UrlRules.SAY_HTTP)
        @ValidationRule(
                value = "self.all(u, !u." + UrlRules.HTTP + " || !u." + UrlRules.MORE_THAN_A_BASE + ")",
                message = "each must " + UrlRules.SAY_A_BASE)
        @ValidationRule(
                value = "self.all(u, !u." + UrlRules.WITH_A_HOST + " || u." + UrlRules.WITH_A_GOOD_HOST + ")",
                message = "each must " + UrlRules.SAY_A_HOST)
        @ValidationRule(
                value = "self.all(u, !u." + UrlRules.WITH_A_PORT + " || u." + UrlRules.WITH_A_GOOD_PORT + ")",
                message = UrlRules.SAY_A_PORT)
        @ValidationRule(
                value = "self.all(u, !u." + UrlRules.WITH_BRACKETS
                        + " || isIP(u.substring(u.indexOf('[') + 1, u.indexOf(']'))))",
                message = UrlRules.SAY_BRACKETS)
        @ValidationRule(
                value = "self.all(u, !u." + UrlRules.WITH_A_PATH + " || u." + UrlRules.WITH_A_GOOD_PATH + ")",
                message = "each must " + UrlRules.SAY_A_PATH)
        @ValidationRule(
                value = "self.all(u, !u." + UrlRules.WITH_THE_ENDPOINT + ")",
                message = "each must " + UrlRules.SAY_NO_ENDPOINT)
        @ValidationRule(value = "self.all(u, !u." + UrlRules.A_LIST + ")", message = UrlRules.SAY_NO_LIST)
        @ValidationRule(
                value = "self.all(u, self.exists_one(v, (v" + UrlRules.NORMALIZED + " == (u" + UrlRules.NORMALIZED
                        + "))",
                message = "each must name another control plane: one is here twice, perhaps in another spelling")
        @JsonPropertyDescription(
                "Several control planes, in place of url: each as url. Each agent keeps a tunnel to each of them, with the"
                        + " same token.")
        @Nullable
        List<@Size(max = 512) String> urls,

        @JsonPropertyDescription("A ConfigMap with PEM certificates that the agents trust besides the system's.")
        @Nullable
        CaBundleRef caBundleRef,

        @Default("false") @JsonPropertyDescription("Trust any certificate. For tests only.")
        boolean insecureSkipVerify,

        @Size(max = 2048)
        @ValidationRule(
                value = "self.matches(r'^http://(.*@)?" + Patterns.URL_HOST + "(:[0-9]{1,5})?/?$')",
                message = "must be http://host:port or http://user:password@host:port, for example"
                        + " http://proxy.example.com:3128")
        @ValidationRule(
                value = "!self.matches('^http://.*@[^@]') || self.matches(r'^http://" + Patterns.USER + "@[^@]*$')",
                message = "must write each special character of user and password as %xx, for example"
                        + " http://DOMAIN%5Cuser:p%40ss@proxy.example.com:3128")
        @ValidationRule(
                value = "!self.matches(':[0-9]{1,5}/?$') || self.matches(':" + Patterns.PORT + "/?$')",
                message = "its port must be between 1 and 65535")
        @ValidationRule(
                value = "!self.matches(r'^http://([^\\[]*@)?\\[" + Patterns.IPV6 + "\\](:[0-9]*)?/?$')"
                        + " || isIP(self.substring(self.indexOf('[') + 1, self.indexOf(']')))",
                message = "the text in brackets is not an IPv6 address, such as fd00::1")
        @JsonPropertyDescription("The HTTP proxy through which the agents reach the control plane, by CONNECT.")
        @Nullable
        String proxyUrl) {
    static final String SOME_HTTPS = "(has(self.url) && !self.url.startsWith('http://'))"
            + " || (has(self.urls) && self.urls.exists(u, !u.startsWith('http://')))";

    /** The URL of each control plane. */
    public List<String> all() {
        return url == null ? Objects.requireNonNullElse(urls, List.of()) : List.of(url);
    }
}
