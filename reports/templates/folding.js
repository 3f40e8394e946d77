// What is folded: printed open, unfolded by what leads into it, opened and closed all at once.
(() => {
  "use strict";
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });

  // Browsers of today unfold what a link leads to by themselves, older ones do not.
  function unfold() {
    const place = document.getElementById(location.hash.slice(1));
    const shut = place?.closest("details:not([open])");
    if (!shut) return;
    shut.open = true;
    place.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();
  for (const bar of document.querySelectorAll(".unfold")) {
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const wish = event.target.dataset.fold;
      if (!wish) return;
      for (const one of bar.parentElement.querySelectorAll("details")) one.open = wish === "open";
    });
  }
})();
