// The search palette: a combobox over the options that the server sends. The focus stays in the field; arrows choose, Enter goes.
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-q");
const results = document.getElementById("palette-results");
const live = document.getElementById("live");
const options = () => [...results.querySelectorAll("[role=option]")];
const chosen = () => results.querySelector("[aria-selected=true]");
const choose = (option) => {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option?.id ?? "");
};
export const find = () => {
  if (!dialog.open) {
    // What lies outside a modal dialog is not read out: the one live region comes along.
    dialog.append(live);
    dialog.showModal();
    field.dispatchEvent(new Event("palette"));
  }
  field.select();
};
dialog.addEventListener("close", () => document.body.append(live));
for (const way of document.querySelectorAll("[data-palette]")) {
  way.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    find();
  });
}
for (const open of document.querySelectorAll("dialog")) {
  open.addEventListener("click", (event) => { if (event.target === open || event.target.closest("[data-close]")) open.close(); });
}
const steps = { ArrowDown: 1, ArrowUp: -1 };
field.addEventListener("keydown", (event) => {
  const all = options();
  if (event.code in steps && all.length) {
    event.preventDefault();
    choose(all[(all.indexOf(chosen()) + steps[event.code] + all.length) % all.length]);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && chosen()) {
    event.preventDefault();
    chosen().click();
  }
});
results.addEventListener("htmx:afterSettle", () => {
  const all = options();
  field.setAttribute("aria-expanded", String(all.length > 0));
  choose(all[0]);
});
