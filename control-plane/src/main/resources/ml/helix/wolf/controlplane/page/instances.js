// What the page says of an instance, and in which order. Knows no document.

// Made once: each of them takes longer to make than to use a hundred times.
const numeric = new Intl.Collator("en", {numeric: true});
const oneDigit = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
const threeDigits = new Intl.NumberFormat("en", {maximumSignificantDigits: 3});
const wholeTime = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});

/** The trouble first: displaced, degraded, offline, draining, online. */
export function rank(instance) {
  if (instance.displaced) {
    return 0;
  }
  return {degraded: 1, offline: 2}[instance.status] ?? (instance.draining ? 3 : 4);
}

export function state(instance) {
  return instance.displaced ? "displaced" : instance.status;
}

export function compare(one, other) {
  return rank(one) - rank(other) || numeric.compare(one.id, other.id);
}

/** Whether it belongs to one of the states that the page filters by; it may belong to several. */
export function isIn(state, instance) {
  switch (state) {
    case "all":
      return true;
    case "displaced":
    case "draining":
      return Boolean(instance[state]);
    default:
      return instance.status === state;
  }
}

/** Whether it has the zone, "" for any, and each word of the search. */
export function matches(instance, zone, search) {
  if (zone && instance.zone !== zone) {
    return false;
  }
  const text = [instance.id, instance.zone, instance.replica, instance.gpuVendor, instance.gpuName, instance.agentVersion,
    labels(instance)].join(" ").toLowerCase();
  return search.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

/** Why it isn't simply online. */
export function reason(instance) {
  const reasons = [];
  if (instance.displaced) {
    reasons.push("two agents use this id");
  }
  if (instance.status === "degraded") {
    if (!instance.connected) {
      reasons.push("connection lost, expected back");
    } else {
      reasons.push(instance.wolfReachable === false ? "its Wolf doesn't answer" : "heartbeats are missing");
    }
  }
  if (instance.cordoned) {
    reasons.push("its node is cordoned");
  }
  if (instance.wolfHealth && instance.wolfHealth !== "healthy") {
    reasons.push(`Wolf says: ${instance.wolfHealth}`);
  }
  return reasons.join("; ");
}

export function labels(instance) {
  return Object.entries(instance.labels ?? {}).map(([key, value]) => `${key}=${value}`).sort().join(", ");
}

export function gpu(instance) {
  const name = instance.gpuName ?? instance.gpuVendor ?? "";
  return name && instance.gpuCount > 1 ? `${instance.gpuCount} × ${name}` : name;
}

/** Load, memory and temperature, as far as they are known. */
export function load(instance) {
  const parts = [];
  if (instance.gpuUtilizationPercent != null) {
    parts.push(`${Math.round(instance.gpuUtilizationPercent)}\u00a0%`);
  }
  if (instance.gpuMemoryUsedMb != null) {
    const used = gigabytes(instance.gpuMemoryUsedMb);
    parts.push(instance.gpuMemoryTotalMb == null ? `${used}\u00a0GB` : `${used} of ${gigabytes(instance.gpuMemoryTotalMb)}\u00a0GB`);
  }
  if (instance.gpuTemperatureCelsius != null) {
    parts.push(`${Math.round(instance.gpuTemperatureCelsius)}\u00a0°C`);
  }
  return parts.join(", ");
}

function gigabytes(mb) {
  return oneDigit.format(mb / 1024);
}

export function sessions(instance) {
  const active = instance.activeSessions ?? "?";
  if (instance.maxSessions != null) {
    return `${active} of ${instance.maxSessions}`;
  }
  return instance.activeSessions == null ? "" : String(active);
}

/** From 0 to 1; 0 where the capacity isn't known. */
export function fullness(instance) {
  return instance.maxSessions > 0 ? Math.min(1, (instance.activeSessions ?? 0) / instance.maxSessions) : 0;
}

export function rate(bytesPerSecond) {
  const units = ["B/s", "kB/s", "MB/s", "GB/s"];
  let value = bytesPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${threeDigits.format(value)} ${units[unit]}`;
}

/** For people, in their language and time zone. */
export function time(since) {
  return wholeTime.format(Date.parse(since));
}

/** How long ago, in the largest unit that fits. */
export function age(since, now) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  const units = [["d", 86_400], ["h", 3600], ["min", 60]];
  for (const [unit, length] of units) {
    if (seconds >= length) {
      return `${Math.floor(seconds / length)} ${unit}`;
    }
  }
  return `${seconds} s`;
}
