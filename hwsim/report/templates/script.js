"use strict";
const AT_ONCE = 200, WORTH_A_FILTER = 8;
const make = (tag, text, owner) => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (tag === "button") element.type = "button";
  if (owner) owner.append(element);
  return element;
};
const count = (n) => n.toLocaleString("en");

for (const table of document.querySelectorAll(".table table")) {
  const heads = [...table.tHead.rows[0].cells];
  const bodies = [...table.tBodies];
  const rows = bodies.flatMap((body) => [...body.rows]);
  const body = bodies[0];
  if (rows.length < 2) continue;
  bodies.slice(1).forEach((other) => other.remove());
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  let order = rows, first = 0;

  const tools = make("div", "");
  tools.className = "tools";
  const told = make("output", "");
  const pages = [];
  const show = () => {
    const wanted = filter ? filter.value.trim().toLowerCase() : "";
    const found = wanted ? order.filter((row) => texts.get(row).includes(wanted)) : order;
    if (first >= found.length) first = 0;
    body.replaceChildren(...found.slice(first, first + AT_ONCE));
    const last = Math.min(first + AT_ONCE, found.length);
    const part = found.length > AT_ONCE ? `rows ${count(first + 1)} to ${count(last)} of ` : "";
    told.textContent = `${part}${count(found.length)}${wanted ? ` of ${count(rows.length)}` : ""} rows`;
    pages.forEach((button, i) => {
      button.disabled = i ? last >= found.length : first === 0;
    });
  };
  let filter = null;
  if (rows.length >= WORTH_A_FILTER) {
    const label = make("label", "Filter ", tools);
    filter = make("input", "", label);
    filter.type = "search";
    filter.setAttribute("aria-label", `Filter: ${table.dataset.label}`);
    filter.addEventListener("input", () => { first = 0; show(); });
    tools.append(told);
    if (rows.length > AT_ONCE) {
      for (const [text, step] of [["Previous", -AT_ONCE], ["Next", AT_ONCE]]) {
        const button = make("button", text, tools);
        button.addEventListener("click", () => { first = Math.max(0, first + step); show(); });
        pages.push(button);
      }
    }
    table.closest(".table").prepend(tools);
  }

  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return numeric ? null : cell.textContent.trim();
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
  heads.forEach((head, column) => {
    const numeric = head.classList.contains("n");
    const button = make("button", "");
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", String(column) === table.dataset.sorted ? "ascending" : "none");
    button.addEventListener("click", () => {
      const was = head.getAttribute("aria-sort");
      const now = was === "none" ? (numeric ? "descending" : "ascending")
        : was === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", other === head ? now : "none"));
      const sign = now === "ascending" ? 1 : -1;
      const keyed = rows.map((row) => [key(row, column, numeric), row]);
      keyed.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b));
      order = keyed.map(([, row]) => row);
      first = 0;
      show();
    });
  });
  show();
}

const themes = ["automatic", "light", "dark"];
const theme = make("button", "Theme: automatic");
theme.className = "theme";
theme.addEventListener("click", () => {
  const root = document.documentElement;
  const next = themes[(themes.indexOf(root.dataset.theme ?? "automatic") + 1) % themes.length];
  if (next === "automatic") delete root.dataset.theme;
  else root.dataset.theme = next;
  theme.textContent = `Theme: ${next}`;
});
document.querySelector("header").prepend(theme);
