// What every page shares: live parts, times that age, and changes by fetch. Pages work without it.

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** Send a change to the API. Returns the JSON of the answer, null for none; throws an Error with the problem's detail. */
async function post(path, body, { method = "POST", signal } = {}) {
  const headers = { "X-CSRF-Token": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw Object.assign(new Error(answer?.detail ?? answer?.title ?? response.statusText), { problem: answer });
  return answer;
}

/** Make the content of an element that of some HTML from one of our templates; what is the same stays, focus included. */
function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  children(element, template.content);
  ownTimes(element);
}

function children(old, fresh) {
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, index) => {
    const there = before[index];
    if (!there) old.append(node);
    else if (there.nodeType !== node.nodeType || there.nodeName !== node.nodeName) there.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) {
      attributes(there, node);
      children(there, node);
    } else if (there.data !== node.data) there.data = node.data;
  });
  before.slice(after.length).forEach((node) => node.remove());
}

function attributes(old, fresh) {
  const kept = (name) => name === "open" && old.nodeName === "DETAILS"; // whoever reads has opened or closed it
  for (const { name, value } of [...fresh.attributes]) if (!kept(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!kept(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
}

/** Write the distance of a time (seconds since the epoch) from now, as the server does. */
function ago(at, now = Date.now() / 1000) {
  const distance = Math.abs(now - at);
  if (distance < 1) return "now";
  const [step, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => distance >= size);
  const text = `${Math.floor(distance / step)} ${unit}`;
  return now > at ? `${text} ago` : `in ${text}`;
}

const hours = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };

/** Write a time (seconds since the epoch) in the reader's zone: "03:22:16 GMT+1", with the day where UTC has another. */
function local(at) {
  const moment = new Date(at * 1000);
  const date = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  const day = date.map((part) => String(part).padStart(2, "0")).join("-");
  const clock = new Intl.DateTimeFormat("en-GB", hours).format(moment);
  return day === moment.toISOString().slice(0, 10) ? clock : `${day} ${clock}`;
}

/** Put the reader's own time beside the times in UTC, where the two differ. */
function ownTimes(within = document) {
  for (const time of within.querySelectorAll("time[data-at]")) {
    const at = Number(time.dataset.at);
    const text = new Date(at * 1000).getTimezoneOffset() ? local(at) : "";
    const shown = time.querySelector(".own");
    if (shown && shown.textContent !== text) shown.textContent = text;
  }
}
ownTimes();

for (const option of document.querySelectorAll("option[data-at]")) {
  const at = Number(option.dataset.at);
  if (new Date(at * 1000).getTimezoneOffset()) option.textContent = option.textContent.replace(" UTC,", ` UTC (${local(at)}),`);
}

/** Below a field for a time in UTC, say what it is for the reader. */
for (const field of document.querySelectorAll("[data-moment]")) {
  const shown = field.parentElement.querySelector("[data-own]");
  const say = () => {
    const at = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(field.value) ? Date.parse(`${field.value.replace(" ", "T")}Z`) / 1000 : NaN;
    shown.hidden = Number.isNaN(at) || !new Date(at * 1000).getTimezoneOffset();
    shown.textContent = shown.hidden ? "" : local(at);
  };
  field.addEventListener("input", say);
  say();
}

function age() {
  for (const time of document.querySelectorAll("time[data-at]")) {
    const shown = time.querySelector(".ago");
    const text = ago(Number(time.dataset.at));
    if (shown && shown.textContent !== text) shown.textContent = text;
  }
}
setInterval(age, 1000);

/** Follow feeds: `data-live` elements are updated, and every event is passed on as `live` on the document. */
function follow(feeds) {
  const sign = document.getElementById("live");
  let source, late;
  const say = (text, on) => {
    sign.hidden = false;
    sign.classList.toggle("on", on);
    if (sign.textContent !== text) sign.textContent = text;
  };
  const open = () => {
    source?.close();
    source = new EventSource(`/live?${feeds.map((name) => `feed=${encodeURIComponent(name)}`).join("&")}`);
    source.onopen = () => { clearTimeout(late); late = undefined; say("live", true); };
    source.onerror = () => {
      late ??= setTimeout(say, 2500, "reconnecting", false); // a stream that ends in order is back before that
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    };
    source.onmessage = (event) => {
      const changed = JSON.parse(event.data);
      for (const [name, html] of Object.entries(changed)) {
        const element = document.querySelector(`[data-live="${CSS.escape(name)}"]`);
        if (element) morph(element, html);
      }
      document.dispatchEvent(new CustomEvent("live", { detail: changed }));
    };
  };
  const close = () => source?.close();
  open();
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  // A browser has six connections to a server, for all of its tabs: what nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => {
    close();
    if (document.visibilityState === "visible") open();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // browsers give it to pages on https and on loopback only
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.nextElementSibling.textContent = "copied";
  });
}

/** "/" goes to the search, of this page or of the events. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  event.preventDefault();
  const search = document.querySelector('input[type="search"]');
  if (!search) location.assign("/events#search");
  else { search.focus(); search.select(); }
});
if (location.hash === "#search") document.querySelector('input[type="search"]')?.focus();

window.mattergate = { post, morph, ownTimes };
const feeds = document.querySelector("main[data-follow]")?.dataset.follow.split(" ").filter(Boolean) ?? [];
if (feeds.length) follow(feeds);
