// Lists and events: new ones are announced and not pushed in, everything can be ticked at once.

const { ownTimes } = window.mattergate;

const MOST = 40; // what the server tells of in one second

/** Announce what came in since the page was made, and show it above the rest of the list when that is asked for. */
function announce(line) {
  const button = line.querySelector("button");
  const wanted = new URLSearchParams(location.search);
  const chosen = ["route", "service", "outcome", "translator"].map((name) => wanted.get(name) ?? "");
  const exact = !["text", "state", "destination", "note"].some((name) => wanted.get(name)); // only the server knows what these find
  const what = line.dataset.what;
  const since = Number(line.dataset.since);
  let known = new Set(), fresh = 0, more = false;

  document.addEventListener("live", ({ detail }) => {
    if (detail.events === undefined) return;
    const rows = JSON.parse(detail.events);
    const arrived = rows.filter(([id, received]) => received > since && !known.has(id));
    more ||= arrived.length >= MOST; // there may be others between this second and the one before
    fresh += arrived.filter(([, , ...row]) => chosen.every((value, index) => !value || row[index] === value)).length;
    known = new Set(rows.map(([id]) => id));
    if (!fresh) return;
    const count = exact ? `${more ? "more than " : ""}${fresh} new ${what}${fresh === 1 && !more ? "" : "s"}` : `There are new ${what}s`;
    button.textContent = `${count}: show`;
    line.hidden = false;
  });

  button.addEventListener("click", async () => {
    line.hidden = true;
    fresh = 0;
    more = false;
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const body = document.querySelector("main .table tbody");
    const rows = [...page.querySelectorAll("main .table tbody tr[data-id]")];
    const end = rows.findIndex((row) => row.dataset.id === body?.querySelector("tr")?.dataset.id);
    if (!response.ok || !body || end < 0) return location.reload(); // too many to be put in between, or the first ones
    body.prepend(...rows.slice(0, end));
    ownTimes(body);
    body.querySelector("a")?.focus();
  });
}

const line = document.getElementById("fresh");
if (line) announce(line);

for (const label of document.querySelectorAll("[data-all]")) {
  label.hidden = false;
  label.querySelector("input").addEventListener("change", ({ target }) => {
    for (const box of document.querySelectorAll('input[name="chosen"]')) box.checked = target.checked;
  });
}
