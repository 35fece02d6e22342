// What every page shares: live parts, times that age, and changes by fetch. Pages work without it.

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** Send a change to the API. Returns the JSON of the answer, null for none; throws an Error with the problem's detail. */
export async function post(path, body, { method = "POST", signal } = {}) {
  const headers = { "X-CSRF-Token": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw Object.assign(new Error(answer?.detail ?? answer?.title ?? response.statusText), { problem: answer });
  return answer;
}

/** Make the content of an element that of some HTML from one of our templates; what is the same stays, focus included. */
export function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  children(element, template.content);
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
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
}

/** Write the distance of a time (seconds since the epoch) from now, as the server does. */
export function ago(at, now = Date.now() / 1000) {
  const distance = Math.abs(now - at);
  if (distance < 1) return "now";
  const [step, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => distance >= size);
  const text = `${Math.floor(distance / step)} ${unit}`;
  return now > at ? `${text} ago` : `in ${text}`;
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
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}

window.mattergate = { post, morph, ago };
const feeds = document.querySelector("main[data-follow]")?.dataset.follow.split(" ").filter(Boolean) ?? [];
if (feeds.length) follow(feeds);
