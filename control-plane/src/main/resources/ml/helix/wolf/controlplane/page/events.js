// Server-sent events over fetch: EventSource can't send an Authorization header, and a token must not stand in a URL.

// The server says something every 5 s, so a silence means that the connection is dead.
const SILENCE_MS = 15_000;

/** The control plane's refusal: an HTTP status and the message of its error. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** Makes one of a response that isn't ok. */
  static async of(response) {
    const body = await response.json().catch(() => null);
    return new Refused(response.status, body?.error?.message ?? `the answer was ${response.status}`);
  }
}

/** Yields {event, data} until the server ends the stream; throws Refused, or another error if the connection breaks. */
export async function* events(url, token, signal) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(url, {
      headers: {Authorization: `Bearer ${token}`},
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok) {
      throw await Refused.of(response);
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (true) {
      const {value, done} = await reader.read();
      if (done) {
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split("\n").map(line => line.split(/: ?(.*)/s, 2)));
        if (fields.event) {
          yield {event: fields.event, data: JSON.parse(fields.data)};
        }
      }
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
