"use strict";
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const root = document.documentElement;
  const bar = find(".bar");
  if (!bar) return;

  const cards = all(".card").map((item) => ({
    item,
    button: find(".frame", item),
    state: item.dataset.state,
    room: item.closest("section").dataset.room,
    words: plain(`${item.closest("section").querySelector("h2").firstChild.data} ${item.textContent}`),
  }));
  const search = find("#search");
  const room = find("#room");
  const chips = all(".states button");
  const dialog = find("dialog");
  const told = find("#told");
  let state = "";
  let shown = cards;
  let current = cards[0];
  let enlarged = current;

  root.classList.add("js");
  bar.hidden = false;

  // One card at a time is in the tab order; arrows move between them.
  const stand = (card) => {
    current.button.tabIndex = -1;
    current = card;
    current.button.tabIndex = 0;
  };
  for (const card of cards) card.button.tabIndex = -1;
  stand(cards[0]);

  const filter = () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    const wanted = room ? room.value : "";
    shown = [];
    for (const card of cards) {
      const fits = (!state || card.state === state) && (!wanted || card.room === wanted)
        && words.every((word) => card.words.includes(word));
      card.item.hidden = !fits;
      if (fits) shown.push(card);
    }
    const open = new Set(shown.map((card) => card.room));
    for (const section of all("main > section")) section.hidden = !open.has(section.dataset.room);
    if (shown.length && !shown.includes(current)) stand(shown[0]);
    const whole = shown.length === cards.length;
    told.textContent = whole ? "" : `${shown.length || "none"} of ${cards.length}`;
  };
  search.addEventListener("input", filter);
  room?.addEventListener("change", filter);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      state = chip.dataset.state;
      for (const other of chips) other.setAttribute("aria-pressed", String(other === chip));
      filter();
    });
  }
  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    if (shown.length) go(shown[0]);
  });

  find("#zoom").addEventListener("input", (event) => {
    root.style.setProperty("--row", `${event.target.value}rem`);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  find("#light").addEventListener("click", () => {
    const now = root.style.colorScheme || (dark.matches ? "dark" : "light");
    root.style.colorScheme = now === "dark" ? "light" : "dark";
  });

  const enlarge = (card) => {
    enlarged = card;
    stand(card);
    find("#large").replaceChildren(card.button.firstElementChild.cloneNode(true));
    find("#large-title").textContent = find("h3", card.item).textContent;
    find("#before").disabled = card === shown[0];
    find("#after").disabled = card === shown[shown.length - 1];
    find("#large-place").textContent = `${shown.indexOf(card) + 1} of ${shown.length}`;
    const text = [find(".below", card.item), ...all(":scope > :not(figure)", card.item)];
    find("#large-text").className = card.state;
    find("#large-text").replaceChildren(...text.map((part) => part.cloneNode(true)));
    if (!dialog.open) dialog.showModal();
    find(".card-text").scrollTop = 0;
    find(".card-text").focus();
  };
  const turn = (by) => {
    const next = shown[shown.indexOf(current) + by];
    if (next) enlarge(next);
  };
  for (const card of cards) {
    card.button.addEventListener("click", () => enlarge(card));
    card.button.addEventListener("focus", () => stand(card));
  }
  find("#close").addEventListener("click", () => dialog.close());
  find("#before").addEventListener("click", () => turn(-1));
  find("#after").addEventListener("click", () => turn(1));
  find(".stage").addEventListener("click", (event) => {
    if (event.target === event.currentTarget) dialog.close();
  });
  // The browser has given the focus back to the picture that was enlarged first.
  dialog.addEventListener("close", () => go(enlarged));

  const go = (card) => {
    stand(card);
    card.button.focus();
    card.item.scrollIntoView({ block: "nearest" });
  };
  // The card above or below: of the nearest row the one whose middle is nearest.
  const across = (down) => {
    const here = current.button.getBoundingClientRect();
    const middle = (box) => box.left + box.width / 2;
    const rows = shown.map((card) => ({ card, box: card.button.getBoundingClientRect() }))
      .filter(({ box }) => (down ? box.top > here.top + 1 : box.top < here.top - 1));
    if (!rows.length) return;
    const tops = rows.map(({ box }) => box.top);
    const top = down ? Math.min(...tops) : Math.max(...tops);
    const row = rows.filter(({ box }) => Math.abs(box.top - top) < 2);
    row.sort((a, b) => Math.abs(middle(a.box) - middle(here)) - Math.abs(middle(b.box) - middle(here)));
    go(row[0].card);
  };
  const moves = {
    ArrowLeft: () => go(shown[Math.max(shown.indexOf(current) - 1, 0)]),
    ArrowRight: () => go(shown[Math.min(shown.indexOf(current) + 1, shown.length - 1)]),
    ArrowUp: () => across(false),
    ArrowDown: () => across(true),
    Home: () => go(shown[0]),
    End: () => go(shown[shown.length - 1]),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = document.activeElement;
    if (dialog.open) {
      if (event.key === "ArrowLeft") turn(-1);
      else if (event.key === "ArrowRight") turn(1);
    } else if (at === search) {
      if (event.key === "Escape") {
        search.value = "";
        filter();
        search.blur();
      } else if (event.key === "ArrowDown" && shown.length) {
        event.preventDefault();
        go(shown[0]);
      }
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (moves[event.key] && shown.length) {
      if (at === document.body && event.key.startsWith("Arrow")) {
        event.preventDefault();
        go(current);
      } else if (at.classList.contains("frame")) {
        event.preventDefault();
        moves[event.key]();
      }
    }
  });
})();
