// The rows of the table, and which of them are shown.

import {age, compare, fullness, gpu, isIn, labels, load, matches, rank, rate, reason, sessions, state, time} from "./instances.js";

const HISTORY = 60;
const SHOWN_AT_ONCE = 1000;
// A thousand new rows take the browser most of a second: the others follow, some in each frame.
const INSERTED_AT_ONCE = 50;
// Several events of one second are put in order together.
const ARRANGE_MS = 100;

const template = document.getElementById("row");
const body = document.getElementById("rows");

/** One instance and its row. */
class Row {
  constructor(id) {
    this.id = id;
    this.history = [];
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.row = this;
    this.fields = {};
    for (const field of this.element.querySelectorAll("[data-of]")) {
      this.fields[field.dataset.of] = field;
    }
    this.fields.action.dataset.id = id;
  }

  /** Writes what has changed; returns whether the row may have to move. */
  update(instance, bytesPerSecond) {
    const moves = !this.instance || rank(this.instance) !== rank(instance);
    this.instance = instance;
    this.bytesPerSecond = bytesPerSecond;
    this.stale = false;
    this.set(this.element, "data-status", instance.status);
    this.write("id", this.id);
    this.write("status", instance.status);
    this.write("displaced", instance.displaced ? "displaced" : "");
    this.write("draining", instance.draining ? "draining" : "");
    this.write("reason", reason(instance));
    this.write("labels", labels(instance));
    this.write("gpu", gpu(instance));
    this.write("load", load(instance));
    this.write("sessions", sessions(instance));
    this.write("streams", String(instance.streams ?? 0));
    this.write("zone", instance.zone ?? "");
    this.write("replica", instance.replica ?? "");
    this.write("action", instance.draining ? "Undrain" : "Drain");
    this.set(this.fields.action, "aria-label", `${instance.draining ? "Undrain" : "Drain"} ${this.id}`);
    const full = fullness(instance);
    if (this.full !== full) {
      this.full = full;
      this.fields.bar.style.width = `${full * 100}%`;
    }
    this.fields.bar.parentElement.hidden = instance.maxSessions == null;
    return moves;
  }

  set(element, attribute, text) {
    if (element.getAttribute(attribute) !== text) {
      element.setAttribute(attribute, text);
    }
  }

  write(field, text) {
    if (this.fields[field].textContent !== text) {
      this.fields[field].textContent = text;
    }
  }

  /** Adds the present rate to the history: called once a second. */
  sample() {
    this.history.push(this.bytesPerSecond);
    if (this.history.length > HISTORY) {
      this.history.shift();
    }
  }

  /** What depends on the time: the age and the chart. Only for rows on the screen. */
  draw(now) {
    const since = this.instance.since;
    this.write("since", since ? age(since, now) : "never");
    if (this.fields.since.dateTime !== (since ?? "")) {
      this.fields.since.dateTime = since ?? "";
      this.fields.since.title = since ? time(since) : "";
    }
    this.write("rate", rate(this.bytesPerSecond));
    const most = Math.max(1000, ...this.history);
    const first = HISTORY - this.history.length;
    const points = !this.history.some(value => value > 0) ? "" : this.history.map((value, i) => `${first + i},${(19 - 18 * value / most).toFixed(1)}`).join(" ");
    if (this.points !== points) {
      this.points = points;
      this.fields.line.setAttribute("points", points);
    }
  }
}

/** All rows by id. Shows those of the filter, the trouble first; at most `limit` of them. */
export class Table {
  rows = new Map();
  filter = {state: "all", zone: "", search: ""};
  limit = SHOWN_AT_ONCE;
  onScreen = new Set();
  moved = new Set();
  observer = new IntersectionObserver(entries => this.#seen(entries), {rootMargin: "200px"});

  /** A new stream begins: what it doesn't name until `endSync` is gone. */
  beginSync() {
    this.rows.forEach(row => row.stale = true);
  }

  endSync() {
    this.remove([...this.rows.values()].filter(row => row.stale).map(row => row.id));
  }

  /** Takes changes of instances; returns what a listener should hear of: [id, state] of those whose state is another one now. */
  update(changes) {
    const news = [];
    for (const {instance, bytesPerSecond} of changes) {
      let row = this.rows.get(instance.id);
      if (!row) {
        row = new Row(instance.id);
        this.rows.set(instance.id, row);
        this.observer.observe(row.element);
      } else if (state(row.instance) !== state(instance)) {
        news.push([instance.id, state(instance)]);
      }
      if (row.update(instance, bytesPerSecond)) {
        this.moved.add(row);
      }
    }
    this.timer ??= setTimeout(() => this.arrange(), ARRANGE_MS);
    return news;
  }

  remove(ids) {
    for (const id of ids) {
      const row = this.rows.get(id);
      if (row) {
        this.observer.unobserve(row.element);
        this.onScreen.delete(row);
        row.element.remove();
        this.rows.delete(id);
      }
    }
    this.arrange();
  }

  clear() {
    this.remove([...this.rows.keys()]);
  }

  matching() {
    const {state, zone, search} = this.filter;
    return [...this.rows.values()].filter(({instance}) => isIn(state, instance) && matches(instance, zone, search));
  }

  count(state) {
    let count = 0;
    this.rows.forEach(({instance}) => count += isIn(state, instance));
    return count;
  }

  /** Those of the instances, and the one that is chosen. */
  zones() {
    const zones = new Set([...this.rows.values()].map(({instance}) => instance.zone)).add(this.filter.zone);
    return [...zones].filter(Boolean).sort();
  }

  /** Puts the rows in order. Rows that stay where they are aren't touched, so they keep focus and cost nothing. New ones come by and by. */
  arrange() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const moved = this.moved;
    this.moved = new Set();
    const matching = this.matching();
    const wanted = matching.sort((one, other) => compare(one.instance, other.instance)).slice(0, this.limit);
    const elements = new Set(wanted.map(row => row.element));
    const focused = document.activeElement;
    for (const element of [...body.children]) {
      if (!elements.has(element) || moved.has(element.row)) {
        element.remove();
      }
    }
    let next = body.firstElementChild;
    let room = INSERTED_AT_ONCE;
    for (const {element} of wanted) {
      if (element === next) {
        next = next.nextElementSibling;
      } else if (room-- > 0 || element.contains(focused)) {
        body.insertBefore(element, next);
      }
    }
    if (room < 0) {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = undefined;
        this.arrange();
      });
    }
    if (focused !== document.activeElement && body.contains(focused)) {
      focused.focus({preventScroll: true});
    }
    this.shown = wanted.length;
    this.matched = matching.length;
    this.onarranged?.();
  }

  /** Once a second. */
  tick() {
    this.rows.forEach(row => row.sample());
    this.draw();
  }

  draw() {
    const now = Date.now();
    this.onScreen.forEach(row => row.draw(now));
  }

  #seen(entries) {
    const now = Date.now();
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting) {
        this.onScreen.add(target.row);
        target.row.draw(now);
      } else {
        this.onScreen.delete(target.row);
      }
    }
  }
}
