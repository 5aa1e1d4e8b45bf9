// Forms: warn before typed text is lost (data-guard), send once, bring the error summary into focus.
const snapshot = (form) => new URLSearchParams([...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken")).toString();
const guarded = new Map();
for (const form of document.querySelectorAll("form[data-guard]")) guarded.set(form, snapshot(form));
window.addEventListener("beforeunload", (event) => {
  for (const [form, before] of guarded) {
    // A form that came back with errors holds text that nobody saved yet.
    const unsaved = form.hasAttribute("data-unsaved") || snapshot(form) !== before;
    if (unsaved && !form.dataset.sent) { event.preventDefault(); return; }
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});
document.querySelector(".error-summary")?.focus();
