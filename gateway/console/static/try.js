// Try it: the result follows what is typed; the page works without this, by its button.
const { morph } = window.mattergate;

const form = document.getElementById("try");
const result = document.getElementById("tried");
const trouble = document.getElementById("trouble");
const editor = document.getElementById("document"); // absent for whoever may only look
const PAUSE = 200; // milliseconds after the last key

let timer;
let asking;

async function ask() {
  clearTimeout(timer); // what is typed until now is asked here
  asking?.abort();
  const mine = (asking = new AbortController());
  const fields = new URLSearchParams(new FormData(form));
  if (!["headers", "body", "query", "document", "callback"].some((name) => fields.get(name))) return;
  result.classList.add("waiting");
  try {
    const response = await fetch(`${form.getAttribute("action")}/result`, { method: "POST", body: fields, signal: mine.signal });
    const html = await response.text();
    if (mine !== asking) return;
    const page = new DOMParser().parseFromString(html, "text/html");
    trouble.hidden = response.ok;
    if (response.ok) morph(result, html);
    else trouble.textContent = page.querySelector("main")?.textContent.trim() || response.statusText;
  } catch (error) {
    if (error.name === "AbortError") return;
    trouble.hidden = false;
    trouble.textContent = "The gateway does not answer.";
  }
  if (mine === asking) result.classList.remove("waiting");
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}
form.addEventListener("input", soon);
form.addEventListener("change", soon);
form.addEventListener("submit", (event) => {
  if (event.submitter?.formAction.endsWith("/try/document")) return;
  event.preventDefault();
  if (event.submitter?.id === "edit") edit();
  else ask();
});

/** Put the translator that speaks into the editor. */
async function edit() {
  await ask();
  const running = document.getElementById("running");
  if (!running) return;
  document.getElementById("editing").open = true;
  document.getElementById("translator").value = running.dataset.name.split("/").slice(1).join("/");
  editor.value = running.value;
  editor.focus();
  editor.setSelectionRange(0, 0);
  ask();
}

// Tab indents, but nobody is trapped: after Escape it leaves, as the line below the editor says.
let leaving = false;
editor?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leaving = true;
  else if (event.key === "Tab" && !leaving && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    if (!document.execCommand("insertText", false, "  ")) {
      editor.setRangeText("  ", editor.selectionStart, editor.selectionEnd, "end");
      soon();
    }
  } else if (event.key !== "Tab" && event.key !== "Shift") leaving = false;
});
editor?.addEventListener("blur", () => { leaving = false; });

// Links to lines move the caret.
result.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  if (!link) return;
  event.preventDefault();
  if (!editor.value) edit().then(() => place(link.dataset));
  else place(link.dataset);
});

function place({ line, column }) {
  document.getElementById("editing").open = true;
  const lines = editor.value.split("\n");
  const row = Math.min(Number(line), lines.length) - 1;
  const at = lines.slice(0, row).reduce((sum, text) => sum + text.length + 1, 0) + Math.max(0, Number(column) - 1);
  editor.focus();
  editor.setSelectionRange(at, at);
  const height = parseFloat(getComputedStyle(editor).lineHeight) || 20;
  editor.scrollTop = Math.max(0, row * height - editor.clientHeight / 3);
}
