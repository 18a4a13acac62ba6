(() => {
  "use strict";

  // A click on a head sorts: numbers from the highest, words from A; the next click the other way round.
  const key = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.key !== undefined) return Number(cell.dataset.key);
    const text = cell.textContent.trim();
    return text === "–" || text === "" ? null : text;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b
      : typeof a === typeof b ? String(a).localeCompare(String(b), "en", { numeric: true })
        : typeof a === "number" ? -1 : 1;
  const sort = (table, column) => {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows].map((row) => [key(row, column), row]);
    const numbers = rows.some(([value]) => typeof value === "number");
    const was = heads[column].getAttribute("aria-sort");
    const down = was ? was === "ascending" : numbers;
    const empty = ([value]) => value === null || (numbers && typeof value === "string");
    const told = rows.filter((row) => !empty(row)).sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...[...told, ...rows.filter(empty)].map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.data")) {
    if (table.tBodies[0].rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, column));
      head.append(button);
    });
  }

  // The pairs: filtered by words and by category, and put in another order.
  const list = document.getElementById("pair-list");
  if (list) {
    const pairs = [...list.children];
    const words = new Map(pairs.map((pair) => [pair, pair.textContent.toLowerCase()]));
    const [text, group, order, said] = ["pair-text", "pair-group", "pair-order", "pair-count"].map((id) =>
      document.getElementById(id));
    const filter = () => {
      const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const pair of pairs) {
        pair.hidden = (group.value !== "" && pair.dataset.group !== group.value)
          || !wanted.every((word) => words.get(pair).includes(word));
      }
      said.textContent = `${pairs.filter((pair) => !pair.hidden).length} of ${pairs.length} pairs`;
    };
    const arrange = () => {
      const sign = { worst: 1, best: -1 }[order.value] ?? 0;
      const success = (pair) => Number(pair.dataset.success ?? NaN);
      const told = pairs.filter((pair) => sign === 0 || !Number.isNaN(success(pair)));
      const rest = pairs.filter((pair) => !told.includes(pair));
      list.append(...(sign ? told.sort((a, b) => sign * (success(a) - success(b))) : told), ...rest);
    };
    // A link to a pair opens it, whatever the filter hides.
    const open = () => {
      const pair = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details.pair");
      if (!pair) return;
      pair.hidden = false;
      pair.open = true;
      pair.scrollIntoView();
    };
    text.addEventListener("input", filter);
    group.addEventListener("change", filter);
    order.addEventListener("change", arrange);
    addEventListener("hashchange", open);
    document.getElementById("pair-filter").hidden = false;
    filter();
    open();
  }
})();
