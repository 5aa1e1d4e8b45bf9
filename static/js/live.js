// The one live region: what htmx swapped in is read out when the new part carries data-announce.
document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt?.closest?.("[data-announce]") ?? event.detail.elt?.querySelector?.("[data-announce]");
  const live = document.getElementById("live");
  if (part && live && live.textContent !== part.dataset.announce) live.textContent = part.dataset.announce;
});
