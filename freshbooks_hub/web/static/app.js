// Better with it, whole without it: copy buttons and the live progress of a sync.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages that are not served over https have no clipboard
    }
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), 1500);
  });
}

const progress = document.querySelector("[data-progress]");
if (progress) {
  const phase = progress.querySelector("[data-phase]");
  const list = progress.querySelector("ul");
  const number = new Intl.NumberFormat("en");

  const show = (state) => {
    if (phase.textContent !== state.phase) phase.textContent = state.phase;
    list.replaceChildren(
      ...state.streams.map((stream) => {
        const row = document.createElement("li");
        const rows = document.createElement("span");
        const expected = stream.expected && !stream.completed ? ` of ${number.format(stream.expected)}` : "";
        rows.textContent = `${number.format(stream.rows)}${expected}${stream.completed ? " ✓" : ""}`;
        row.className = stream.completed ? "done" : "";
        row.append(stream.name, rows);
        return row;
      }),
    );
  };

  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.redirected) return location.reload(); // signed out: to the way in
      const state = await answer.json();
      // At the end, and when a first sync has its first figures.
      if (!state.running || String(state.figures) !== progress.dataset.figures) return location.reload();
      show(state);
    } catch {
      // The server is away for a moment; ask again.
    }
    setTimeout(look, 1000);
  };
  look();
}
