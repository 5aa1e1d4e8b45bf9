// Shortcuts: every element with data-shortcut says which keys it answers, by their places on the keyboard, so that they hold on every layout.
// The list is made of the same elements. Single keys can be switched off; they never work while one types.
import { find } from "./palette.js";
const list = document.getElementById("shortcuts");
const isOn = () => { try { return localStorage.getItem("shortcuts") !== "off"; } catch { return true; } };
const keep = (on) => { try { localStorage.setItem("shortcuts", on ? "on" : "off"); } catch { /* private mode: the choice holds for this page */ } };
const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => row.offsetParent && row.querySelector("a[href]"));
const step = (by) => {
  const all = rows();
  const here = all.indexOf(document.activeElement?.closest("tr"));
  const row = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by];
  row?.querySelector("a[href]").focus();
  row?.scrollIntoView({ block: "nearest" });
};
const names = { Control: "Ctrl", Slash: "/", "Shift+Slash": "?", Escape: "Esc" };
const keyName = (key) => names[key] ?? key.split("+").map((part) => names[part] ?? part.replace(/^Key/, "").toLowerCase().replace("enter", "Enter")).join(" + ");
const show = () => {
  if (list.open || document.querySelector("dialog[open]")) return;
  const body = list.querySelector("tbody");
  for (const old of body.querySelectorAll("[data-of-page]")) old.remove();
  for (const element of document.querySelectorAll("main [data-shortcut]")) {
    const row = body.insertRow();
    row.dataset.ofPage = element.dataset.shortcut;
    row.append(Object.assign(document.createElement("th"), { scope: "row" }));
    row.insertCell().textContent = element.textContent.trim().replace(/\s+/g, " ");
  }
  for (const row of body.rows) {
    const keys = (row.dataset.shortcut ?? row.dataset.ofPage).split(" ");
    row.cells[0].replaceChildren(...keys.flatMap((key) => [Object.assign(document.createElement("kbd"), { textContent: keyName(key) }), " "]));
  }
  list.querySelector("[data-shortcuts-on]").checked = isOn();
  list.showModal();
};
const send = () => {
  const form = document.activeElement?.closest("form");
  if (form?.method === "post") form.requestSubmit();
};
const doing = { find, list: show, next: () => step(1), previous: () => step(-1), send, close: () => {} };
const run = (element) => {
  if (element.dataset.does) doing[element.dataset.does]();
  else (element.matches("a, button") ? element : element.querySelector("a")).click();
};
const asked = (event) => {
  const held = event.ctrlKey || event.metaKey ? "Control+" : "";
  if (!held && event.key === "?") return "Shift+Slash";
  if (!held && event.key === "/") return "Slash";
  return held + (event.shiftKey ? "Shift+" : "") + event.code;
};
let before = "";
let waiting = 0;
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.isComposing || event.repeat && !rows().length) return;
  const alone = !(event.ctrlKey || event.metaKey);
  const types = event.target.closest?.("input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select, [contenteditable]");
  if (alone && (types || !isOn() || document.querySelector("dialog[open]"))) { before = ""; return; }
  if (alone && (event.code === "ArrowDown" || event.code === "ArrowUp")) {
    // From a row the arrows go on through the table; elsewhere they scroll, as ever.
    if (rows().includes(event.target.closest?.("tr"))) { event.preventDefault(); step(event.code === "ArrowDown" ? 1 : -1); }
    return;
  }
  const keys = (before + " " + asked(event)).trim();
  const all = [...document.querySelectorAll("[data-shortcut]")];
  const element = all.find((one) => one.dataset.shortcut === keys) ?? all.find((one) => one.dataset.shortcut === asked(event));
  clearTimeout(waiting);
  before = "";
  if (element && element.dataset.does !== "close") { event.preventDefault(); run(element); return; }
  if (all.some((one) => one.dataset.shortcut.startsWith(keys + " "))) {
    before = keys;
    waiting = setTimeout(() => { before = ""; }, 1500);
  }
});
list.querySelector("[data-shortcuts-on]").addEventListener("change", (event) => keep(event.target.checked));
for (const button of document.querySelectorAll("[data-shortcuts-open]")) {
  button.hidden = false;
  button.addEventListener("click", show);
}
