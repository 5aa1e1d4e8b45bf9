// Menus are <details>: this closes them on Escape (focus goes back), on a click elsewhere, and when another opens.
const open = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("toggle", (event) => {
  if (!event.target.open || !event.target.matches("details.menu")) return;
  for (const menu of open()) if (menu !== event.target) menu.open = false;
}, true);
// The current page is brought into sight in the scrolling navigation of a phone.
const current = document.querySelector(".nav [aria-current]");
if (current) { const list = current.closest("ul"); list.scrollLeft = current.offsetLeft - list.clientWidth / 2 + current.clientWidth / 2; }
