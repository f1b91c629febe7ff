package ml.helix.wolf.bench.run;

import java.util.Optional;
import ml.helix.wolf.bench.figures.Table;
import ml.helix.wolf.bench.streams.Bench;
import ml.helix.wolf.bench.streams.Caller;
import ml.helix.wolf.bench.streams.Tunnel;

/**
 * What a scenario runs against: a column of the table.
 *
 * @param tunnel empty for raw TCP
 */
record Target(String column, Caller caller, Optional<Tunnel> tunnel) {

    static Target raw(Bench bench) {
        return new Target(Table.RAW, new Caller(bench.local()), Optional.empty());
    }

    static Target of(Tunnel tunnel) {
        return new Target(tunnel.pair().name(), tunnel.caller(), Optional.of(tunnel));
    }
}
