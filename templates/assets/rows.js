// Adds, removes and moves rows of a table at once. Without this the same buttons send the page, and the
// server hands it back with the row added, removed or moved; names and order are the same either way.

/** Makes the buttons of one table work here. */
export function liveRows(rows) {
  const frame = rows.closest("fieldset");
  const blank = frame.querySelector("template[data-row-blank]");
  const adder = frame.querySelector('[data-row-do="add"]');
  const said = frame.querySelector("[data-rows-said]");
  const { copy } = rows.dataset;
  const all = () => [...rows.querySelectorAll("[data-row]")];
  let next = all().length;

  const numbered = (text, index) => text.split(copy).join(index + 1);

  /** Numbers the rows, and closes what the limits do not allow. */
  function settle() {
    const list = all();
    list.forEach((row, index) => {
      for (const place of row.querySelectorAll("[data-row-text]")) place.textContent = numbered(place.dataset.rowText, index);
      close(row, "up", index === 0);
      close(row, "down", index === list.length - 1);
      close(row, "remove", list.length <= Number(rows.dataset.least));
    });
    adder.parentElement.hidden = list.length >= Number(rows.dataset.most);
    rows.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function close(row, what, isClosed) {
    row.querySelector(`[data-row-do="${what}"]`).disabled = isClosed;
  }

  function say(what, row, index) {
    said.textContent = numbered(rows.dataset[`said${what}`], index);
    row?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  function add() {
    const key = `n${(next += 1)}`;
    const row = blank.content.firstElementChild.cloneNode(true);
    for (const part of [row, ...row.querySelectorAll("*")]) {
      for (const { name, value } of [...part.attributes]) {
        if (name !== "data-row-text" && value.includes(copy)) part.setAttribute(name, value.split(copy).join(key));
      }
    }
    rows.append(row);
    settle();
    say("Add", row, all().length - 1);
  }

  function remove(row) {
    const index = all().indexOf(row);
    row.remove();
    settle();
    say("Remove", all()[Math.min(index, all().length - 1)], index);
  }

  function move(row, step) {
    const list = all();
    const index = list.indexOf(row);
    const other = list[index + step];
    if (!other) return;
    if (step < 0) other.before(row);
    else other.after(row);
    settle();
    say("Move", row, index + step);
  }

  frame.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-do]");
    if (!button || button.disabled) return;
    event.preventDefault();
    const row = button.closest("[data-row]");
    switch (button.dataset.rowDo) {
      case "add": return add();
      case "remove": return remove(row);
      case "up": return move(row, -1);
      default: return move(row, 1);
    }
  });
  settle();
  const here = rows.querySelector("[data-row-here]");
  here?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}
