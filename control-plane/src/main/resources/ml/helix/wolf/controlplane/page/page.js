// The page: asks for the token, follows the events of the control plane, drains and undrains.

import {Refused, events} from "./events.js";
import {Table} from "./table.js";

const KEY = "wolf-admin-token";
const LONGEST_PAUSE_MS = 15_000;
const $ = id => document.getElementById(id);

const table = new Table();
let token = "";
let stream = new AbortController();

function say(id, text) {
  $(id).textContent = text;
}

function showLogin(problem) {
  stream.abort();
  token = "";
  sessionStorage.removeItem(KEY);
  table.clear();
  for (const id of ["live", "said", "problem", "news", "who"]) {
    say(id, "");
  }
  document.title = "Wolf instances";
  if ($("confirm").open) {
    $("confirm").close("no");
  }
  $("app").hidden = true;
  $("login").hidden = false;
  say("login-problem", problem);
  $("token").value = "";
  $("token").focus();
}

/** Follows the events until the token isn't valid any more; connects again after each failure. */
async function follow() {
  stream.abort();
  const mine = stream = new AbortController();
  let pause = 500;
  while (!mine.signal.aborted) {
    let problem = "the control plane has ended the connection";
    try {
      for await (const {event, data} of events("api/v1/events", token, mine.signal)) {
        if (mine.signal.aborted) {
          return;
        }
        take(event, data);
        pause = 500;
      }
    } catch (e) {
      if (mine.signal.aborted) {
        return;
      }
      if (e instanceof Refused && (e.status === 401 || e.status === 403)) {
        showLogin(e.status === 401 ? "The control plane doesn't know this token." : `The control plane refuses: ${e.message}.`);
        return;
      }
      problem = e instanceof Refused ? e.message : "the control plane can't be reached";
    }
    if ($("app").hidden) {
      say("login-problem", `${problem}; trying again.`);
    }
    $("app").dataset.live = "no";
    say("live", `Not live: ${problem}. Trying again.`);
    await new Promise(wake => setTimeout(wake, pause * (0.5 + Math.random() / 2)));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

function take(event, data) {
  switch (event) {
    case "begin":
      sessionStorage.setItem(KEY, token);
      table.beginSync();
      $("app").dataset.mayChange = data.readOnly ? "no" : "yes";
      say("who", (data.token ? `Token ${data.token}` : "") + (data.readOnly ? " (read-only)" : ""));
      break;
    case "instances":
      announce(table.update(data));
      break;
    case "removed":
      table.remove(data);
      break;
    case "live":
      table.endSync();
      $("app").dataset.live = "yes";
      say("live", "Live");
      say("problem", "");
      if ($("app").hidden) {
        $("login").hidden = true;
        $("app").hidden = false;
        say("login-problem", "");
        document.querySelector("header h1").focus();
      }
      table.draw();
      break;
  }
}

/** For screen readers: which instances got another state. */
function announce(news) {
  if (news.length > 3) {
    say("news", `${news.length} instances changed their state`);
  } else if (news.length) {
    say("news", news.map(([id, status]) => `${id} is ${status}`).join(", "));
  }
}

table.onarranged = () => {
  const total = table.rows.size;
  for (const radio of $("filters").elements.state) {
    const count = table.count(radio.value);
    radio.nextElementSibling.querySelector("b").textContent = String(count);
    radio.parentElement.dataset.count = count;
  }
  const zones = table.zones();
  const options = $("zone").options;
  if (options.length !== zones.length + 1 || zones.some((zone, i) => options[i + 1].value !== zone)) {
    const selected = $("zone").value;
    $("zone").replaceChildren(options[0], ...zones.map(zone => new Option(zone, zone, false, zone === selected)));
  }
  $("zone-label").hidden = zones.length === 0;
  const rows = [...table.rows.values()];
  document.querySelector("table").classList.toggle("no-zone", zones.length === 0);
  document.querySelector("table").classList.toggle("no-replica", !rows.some(({instance}) => instance.replica));
  document.querySelector("table").hidden = table.matched === 0;
  const all = total === 1 ? "1 instance" : `${total} instances`;
  const count = table.matched === total ? all : `${table.matched} of ${all}`;
  if ($("count").textContent !== count) {
    say("count", count);
  }
  $("none").hidden = table.matched > 0;
  $("none").firstElementChild.textContent = total ? "No instance matches." : "No instance yet. An agent that connects appears here.";
  $("none").lastElementChild.hidden = total === 0;
  $("more").hidden = table.shown === table.matched;
  $("more").firstElementChild.textContent = `${table.shown} are shown. Show ${Math.min(1000, table.matched - table.shown)} more`;
  const trouble = rows.filter(({instance}) => instance.displaced || instance.status !== "online").length;
  document.title = (trouble ? `(${trouble}) ` : "") + "Wolf instances";
};

/** Asks, then tells the control plane. The row changes by its event. */
async function change(id, drains) {
  const dialog = $("confirm");
  say("confirm-title", `${drains ? "Drain" : "Undrain"} ${id}?`);
  say("confirm-text", drains
    ? "The control plane sends no new session there, and moves sessions that stick to it. Streams that run go on. Requests that name it still reach it."
    : "The control plane sends new sessions there again.");
  dialog.querySelector(".primary").textContent = drains ? "Drain" : "Undrain";
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise(closed => dialog.addEventListener("close", closed, {once: true}));
  if (dialog.returnValue !== "yes" || !token) {
    return;
  }
  say("problem", "");
  say("said", "");
  try {
    const response = await fetch(`api/v1/wolf-instances/${encodeURIComponent(id)}/${drains ? "drain" : "undrain"}`, {
      method: "POST",
      headers: {Authorization: `Bearer ${token}`},
      credentials: "omit",
      redirect: "error",
    });
    if (!response.ok) {
      throw await Refused.of(response);
    }
    say("said", drains ? `${id} is drained: no new session goes there.` : `${id} takes new sessions again.`);
  } catch (e) {
    say("problem", `${id} was not ${drains ? "drained" : "undrained"}: ${e instanceof Refused ? e.message : "the control plane can't be reached"}.`);
  }
}

$("login-form").addEventListener("submit", event => {
  event.preventDefault();
  const given = $("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(given)) {
    say("login-problem", "A token is one word of letters, digits and signs.");
    return;
  }
  token = given;
  say("login-problem", "");
  follow();
});

$("sign-out").addEventListener("click", () => showLogin(""));

function filtersChanged() {
  table.filter = {state: $("filters").elements.state.value, zone: $("zone").value, search: $("search").value.trim()};
  table.limit = 1000;
  table.arrange();
}

$("filters").addEventListener("input", filtersChanged);
$("filters").addEventListener("submit", event => event.preventDefault());
$("none").lastElementChild.addEventListener("click", () => {
  $("filters").reset();
  filtersChanged();
  $("search").focus();
});
$("more").firstElementChild.addEventListener("click", () => {
  table.limit += 1000;
  table.arrange();
});
$("rows").addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button) {
    change(button.dataset.id, button.textContent === "Drain");
  }
});
setInterval(() => table.tick(), 1000);

token = sessionStorage.getItem(KEY) ?? "";
if (token) {
  follow();
} else {
  showLogin("");
}
