package ml.helix.wolf.controlplane.auth;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A Kubernetes cluster whose ServiceAccount tokens are runner tokens.
 *
 * @param issuer as the tokens name it ({@code iss}), an https URL
 * @param audience as the tokens name it ({@code aud})
 * @param jwksFile the cluster's keys; empty to ask the issuer
 * @param caFile the CAs of the issuer's certificate, in PEM; empty for the system's
 * @param bearerFile a token that the issuer wants to see before it tells its keys; empty for none
 * @param idPrefixes what comes before the node's name in the ids that a token opens
 * @param accounts the ServiceAccounts whose tokens count, as {@code namespace/name}
 */
public record TokenIssuer(
        URI issuer,
        String audience,
        Optional<Path> jwksFile,
        Optional<Path> caFile,
        Optional<Path> bearerFile,
        List<String> idPrefixes,
        List<IdGlob> accounts) {

    public TokenIssuer {
        idPrefixes = List.copyOf(idPrefixes);
        accounts = List.copyOf(accounts);
    }

    /** @throws IllegalArgumentException if the text is no https URL; the message begins with a verb */
    public static URI issuer(String text) {
        try {
            URI issuer = new URI(text);
            if ("https".equals(issuer.getScheme()) && issuer.getHost() != null && issuer.getQuery() == null) {
                return issuer;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("must be an https URL, as the tokens name it: " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("must be an https URL, as the tokens name it");
    }

    /** @throws IllegalArgumentException if one is no {@code namespace/name}; the message begins with a verb */
    public static List<IdGlob> accounts(String list) {
        return words(list)
                .map(account -> {
                    if (!account.matches("[a-z0-9.*?-]+/[a-z0-9.*?-]+")) {
                        throw new IllegalArgumentException(
                                "must be namespace/name globs, separated by commas, not '" + account + "'");
                    }
                    return new IdGlob(account);
                })
                .toList();
    }

    /** @throws IllegalArgumentException if one can't begin an id; the message begins with a verb */
    public static List<String> idPrefixes(String list) {
        return words(list)
                .peek(prefix -> {
                    if (!prefix.matches("[A-Za-z0-9._-]+")) {
                        throw new IllegalArgumentException("must be beginnings of ids, not '" + prefix + "'");
                    }
                })
                .toList();
    }

    private static Stream<String> words(String list) {
        return Stream.of(list.split(",", -1)).map(String::strip);
    }
}
