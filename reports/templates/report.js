"use strict";
(() => {
  const { facts, graph, diffs, words } = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 300;
  const RISK = { low: 0, medium: 1, high: 2 };
  const COLOURS = {
    "becomes async": "var(--accent)", "was async": "var(--good)", "stays sync": "var(--faint)", "to look at": "var(--warn)",
  };
  const byId = (id) => document.getElementById(id);
  const find = (selector) => document.querySelector(selector);

  function element(name, attributes = {}, ...children) {
    const made = name.startsWith("svg:")
      ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const place = (site) => element("code", {}, `${site.path}:${site.line}`);
  const link = (site) => {
    const made = element("a", { href: `#file-${site.path}` }, place(site));
    made.addEventListener("click", (event) => { event.preventDefault(); openFile(site.path, site.line); });
    return made;
  };
  const steps = (why) => element("ol", {}, ...why.map((step) => element("li", {}, `${step.what} `, link(step))));

  // Dark and light

  function toggleTheme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  }
  byId("theme").addEventListener("click", toggleTheme);

  // Concerns

  const concerns = facts.modules.flatMap((module) => module.concerns);
  concerns.sort((a, b) => RISK[a.confidence] - RISK[b.confidence] || b.is_declined - a.is_declined);
  const alike = new Map();
  for (const concern of concerns) {
    const key = `${concern.confidence} ${concern.is_declined} ${concern.text}`;
    alike.set(key, [...(alike.get(key) || []), concern]);
  }
  find("#concerns .list").append(...(concerns.length ? [...alike.values()].map((group) => element(
    "div", { class: `card ${group[0].confidence}` },
    element("b", {}, group[0].text), " ",
    element("small", {}, `${group[0].codemod}${group[0].is_declined ? ", left as it was" : ""}; ${group[0].confidence} confidence`),
    element("p", {}, ...group.flatMap((concern, index) => [index ? ", " : "", link(concern), ` ${concern.function}`])),
  )) : ["None."]));

  // Decisions

  const decisions = facts.modules.flatMap((module) => module.decisions.map((d) => ({ ...d, phase: module.phase })));
  for (const d of decisions) d.text = `${d.path}:${d.line} ${d.function} ${d.codemod} ${d.action} ${d.concern}`.toLowerCase();
  const filters = ["status", "codemod", "confidence", "phase"];
  for (const name of filters) {
    const values = [...new Set(decisions.map((d) => d[name]))].sort();
    byId(name).append(...values.map((value) => element("option", { value }, value)));
    byId(name).addEventListener("change", showFirst);
  }
  let wait;
  byId("search").addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(showFirst, 80); });
  byId("more").addEventListener("click", () => showRows(false));
  let matching = [], drawn = 0;

  function row(d) {
    const what = element("td", {}, d.action);
    if (d.concern) what.append(element("div", { class: "concern" }, d.concern));
    if (d.why.length) what.append(element("details", {}, element("summary", {}, "why"), steps(d.why)));
    return element("tr", {}, element("td", {}, link(d)), element("td", { class: "mono" }, d.function),
      element("td", {}, d.codemod), what, element("td", { class: `status ${d.status}` }, d.status),
      element("td", {}, d.confidence));
  }

  function showRows(anew) {
    const body = find(".decisions tbody");
    if (anew) { body.replaceChildren(); drawn = 0; }
    body.append(...matching.slice(drawn, drawn + PAGE).map(row));
    drawn = Math.min(drawn + PAGE, matching.length);
    byId("shown").textContent = `${matching.length} of ${decisions.length}`;
    byId("more").hidden = drawn === matching.length;
  }

  function showFirst() {
    const terms = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = filters.map((name) => [name, byId(name).value]).filter(([, value]) => value);
    matching = decisions.filter((d) =>
      wanted.every(([name, value]) => d[name] === value) && terms.every((term) => d.text.includes(term)));
    showRows(true);
  }
  showFirst();

  // Files

  const files = new Map();
  for (const module of facts.modules) {
    const counts = element("span", { class: "counts" });
    counts.append(element("ins", {}, `+${module.added}`), " ", element("del", {}, `−${module.removed}`),
      ` ${module.phase}`, module.concerns.length ? `, ${module.concerns.length} to look at` : "");
    const box = element("details", { class: "file", id: `file-${module.path}` },
      element("summary", {}, element("code", {}, module.path), counts));
    box.addEventListener("toggle", () => box.open && drawDiff(box, module));
    files.set(module.path, { box, module });
    find("#files .list").append(box);
  }

  // The text with the part marked in which it differs from the other side.
  function marked(text, other) {
    let first = 0;
    while (first < text.length && first < other.length && text[first] === other[first]) first++;
    let rest = 0;
    while (rest < Math.min(text.length, other.length) - first && text.at(-1 - rest) === other.at(-1 - rest)) rest++;
    const end = text.length - rest;
    return [text.slice(0, first), element("mark", {}, text.slice(first, end)), text.slice(end)];
  }

  function drawDiff(box, module) {
    if (box.querySelector("table")) return;
    const notes = new Map();
    for (const d of module.decisions) notes.set(d.line, [...(notes.get(d.line) || []), d]);
    const body = element("tbody");
    for (const [left, old, right, now] of diffs[module.path]) {
      if (left === null && right === null) {
        body.append(element("tr", { class: "gap" }, element("td", { colspan: 4 }, "⋯")));
        continue;
      }
      const differs = left === null || right === null || old !== now;
      const both = differs && left !== null && right !== null;
      body.append(element("tr", left === null ? {} : { "data-line": left },
        element("td", { class: "number" }, left ?? ""),
        element("td", { class: differs && left !== null ? "old" : "" }, ...(both ? marked(old, now) : [old])),
        element("td", { class: "number" }, right ?? ""),
        element("td", { class: differs && right !== null ? "new" : "" }, ...(both ? marked(now, old) : [now]))));
      for (const d of notes.get(left) || []) body.append(note(d));
      if (left !== null) notes.delete(left);
    }
    for (const d of [...notes.values()].flat()) body.append(note(d));
    const columns = ["number", "", "number", ""].map((name) => element("col", name ? { style: "width: 3.6rem" } : {}));
    box.append(element("div", { class: "scroll" }, element("table", { class: "diff" }, element("colgroup", {}, ...columns), body)));
  }

  function note(d) {
    const cell = element("td", { colspan: 4 }, element("b", {}, words[d.codemod] || d.codemod), `: ${d.action}`);
    if (d.status !== "done") cell.append(` (${d.status})`);
    if (d.why.length) cell.append(" ", element("span", { class: "why" }, `because it ${d.why.map((step) => step.what).join(" → ")}`));
    if (d.concern) cell.append(element("div", { class: "concern" }, `Look: ${d.concern}`));
    return element("tr", { class: d.concern || d.status === "declined" ? "note look" : "note" }, cell);
  }

  function openFile(path, line) {
    const file = files.get(path);
    if (!file) return;
    file.box.open = true;
    drawDiff(file.box, file.module);
    const target = file.box.querySelector(`[data-line="${line}"]`) || file.box;
    target.scrollIntoView({ block: "center" });
    file.box.querySelector("summary").focus({ preventScroll: true });
  }

  // Call graph

  const WIDTH = 230, HEIGHT = 38, GAP = 60, ROW = 46;
  const drawing = byId("drawing");
  const nodes = new Map(graph.nodes.map((node) => [node.key, { ...node, out: [], into: [] }]));
  for (const [caller, callee] of graph.edges) {
    nodes.get(caller).out.push(callee);
    nodes.get(callee).into.push(caller);
  }
  const deepest = Math.max(0, ...graph.nodes.map((node) => node.layer));
  const columns = Array.from({ length: deepest + 1 }, () => []);
  for (const node of nodes.values()) columns[deepest - node.layer].push(node);
  columns.forEach((column) => column.forEach((node, index) => { node.rank = index; }));
  // What belongs together comes to stand together: each column is sorted by the mean place of its neighbours.
  for (let pass = 0; pass < 6; pass++) {
    const order = pass % 2 ? [...columns] : [...columns].reverse();
    for (const column of order) {
      for (const node of column) {
        const near = (pass % 2 ? node.into : node.out).map((key) => nodes.get(key).rank);
        node.mean = near.length ? near.reduce((a, b) => a + b, 0) / near.length : node.rank;
      }
      column.sort((a, b) => a.mean - b.mean).forEach((node, index) => { node.rank = index; });
    }
  }
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  columns.forEach((column, x) => column.forEach((node, y) => {
    node.x = x * (WIDTH + GAP);
    node.y = (y + (tallest - column.length) / 2) * ROW;
  }));
  const lines = graph.edges.map(([caller, callee]) => {
    const a = nodes.get(caller), b = nodes.get(callee);
    const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2];
    const bend = Math.max(40, Math.abs(x2 - x1) / 2);
    const drawnLine = element("svg:path", { class: "edge", d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}` });
    return { caller, callee, drawn: drawnLine };
  });
  drawing.append(...lines.map((edge) => edge.drawn));
  const short = (text, most) => (text.length > most ? `…${text.slice(1 - most)}` : text);
  for (const node of nodes.values()) {
    node.drawn = element("svg:g", { class: "node", transform: `translate(${node.x},${node.y})`, tabindex: 0, role: "button" },
      element("svg:rect", { width: WIDTH, height: HEIGHT, rx: 5 }),
      element("svg:rect", { class: "band", width: 6, height: HEIGHT, rx: 3, style: `fill: ${COLOURS[node.state]}` }),
      element("svg:text", { x: 14, y: 16 }, short(`${node.is_route ? "▸ " : ""}${node.name}`, 29)),
      element("svg:text", { class: "where", x: 14, y: 31 }, short(`${node.path}:${node.line}`, 34)),
      element("svg:title", {}, `${node.name} (${node.state})`));
    node.drawn.addEventListener("click", () => choose(node));
    node.drawn.addEventListener("keydown", (event) => event.key === "Enter" && choose(node));
    drawing.append(node.drawn);
  }
  find(".legend").append(...Object.entries(COLOURS).map(([state, colour]) =>
    element("span", {}, element("i", { style: `background: ${colour}` }), state)), element("span", {}, "▸ route"));

  function reach(node, direction) {
    const found = new Set([node.key]), pending = [node];
    while (pending.length) {
      for (const key of pending.pop()[direction]) {
        if (!found.has(key)) { found.add(key); pending.push(nodes.get(key)); }
      }
    }
    return found;
  }

  function choose(node) {
    const below = reach(node, "out"), above = reach(node, "into");
    drawing.classList.add("chosen");
    for (const other of nodes.values()) other.drawn.classList.toggle("lit", below.has(other.key) || above.has(other.key));
    for (const edge of lines) {
      const isLit = (below.has(edge.caller) && below.has(edge.callee)) || (above.has(edge.caller) && above.has(edge.callee));
      edge.drawn.classList.toggle("lit", isLit);
    }
    const here = decisions.filter((d) => d.path === node.path && d.function === node.name);
    const why = here.find((d) => d.codemod === "async-def") || here.find((d) => d.why.length);
    const panel = [element("b", {}, node.name), ` ${node.state} `, link(node)];
    if (why && why.why.length) panel.push(steps(why.why));
    else if (node.calls.length) panel.push(element("ol", {}, ...node.calls.map((call) => element("li", {}, call))));
    if (why && why.concern) panel.push(element("div", { class: "card" }, why.concern));
    byId("chain").replaceChildren(...panel);
  }

  function forget() {
    drawing.classList.remove("chosen");
    byId("chain").replaceChildren(element("p", {}, "No function chosen."));
    for (const shown of drawing.querySelectorAll(".lit")) shown.classList.remove("lit");
  }

  const whole = { x: -20, y: -20, w: columns.length * (WIDTH + GAP) - GAP + 40, h: tallest * ROW + 30 };
  let view = { ...whole };
  const look = () => drawing.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);

  function fit(all) {
    // A graph that is too big to be read as a whole opens at its routes.
    const box = drawing.getBoundingClientRect();
    const scale = Math.max(whole.w / (box.width || 1), whole.h / (box.height || 1));
    const most = all ? Infinity : 1.6;
    const used = Math.max(Math.min(scale, most), .8);
    view = { w: box.width * used, h: box.height * used };
    view.x = whole.x + Math.min(0, (whole.w - view.w) / 2);
    view.y = whole.y + (whole.h - view.h) / 2;
    look();
  }

  function zoom(factor, x = view.x + view.w / 2, y = view.y + view.h / 2) {
    view = { x: x - (x - view.x) * factor, y: y - (y - view.y) * factor, w: view.w * factor, h: view.h * factor };
    look();
  }
  byId("zoom-in").addEventListener("click", () => zoom(.75));
  byId("zoom-out").addEventListener("click", () => zoom(1.33));
  byId("zoom-fit").addEventListener("click", () => fit(true));
  drawing.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = drawing.getBoundingClientRect();
    const at = (part, size, start, length) => start + ((part) / size) * length;
    zoom(event.deltaY > 0 ? 1.15 : .87, at(event.clientX - box.x, box.width, view.x, view.w),
      at(event.clientY - box.y, box.height, view.y, view.h));
  }, { passive: false });
  let from = null;
  drawing.addEventListener("pointerdown", (event) => { from = { x: event.clientX, y: event.clientY, view: { ...view }, moved: false }; });
  addEventListener("pointermove", (event) => {
    if (!from) return;
    const scale = view.w / drawing.getBoundingClientRect().width;
    from.moved ||= Math.abs(event.clientX - from.x) + Math.abs(event.clientY - from.y) > 4;
    view.x = from.view.x - (event.clientX - from.x) * scale;
    view.y = from.view.y - (event.clientY - from.y) * scale;
    look();
  });
  addEventListener("pointerup", (event) => {
    if (from && !from.moved && event.target === drawing) forget();
    from = null;
  });
  byId("graph-search").addEventListener("input", (event) => {
    const text = event.target.value.toLowerCase();
    const node = text && [...nodes.values()].find((n) => `${n.path} ${n.name}`.toLowerCase().includes(text));
    if (!node) { forget(); return; }
    view.x = node.x + WIDTH / 2 - view.w / 2;
    view.y = node.y - view.h / 2;
    look();
    choose(node);
  });
  if (nodes.size) fit(false); else byId("graph").hidden = true;
  addEventListener("beforeprint", () => fit(true));

  // Keyboard

  const sections = ["overview", "graph", "concerns", "decisions", "files"];
  const boxes = [...files.values()].map((file) => file.box);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { forget(); document.activeElement.blur(); return; }
    if (/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) return;
    if (event.key === "/") { event.preventDefault(); byId("search").focus(); }
    else if (event.key === "t") toggleTheme();
    else if (sections[event.key - 1]) byId(sections[event.key - 1]).scrollIntoView();
    else if (event.key === "j" || event.key === "k") {
      const now = boxes.indexOf(document.activeElement.closest?.(".file"));
      const next = boxes[Math.min(Math.max(now + (event.key === "j" ? 1 : -1), 0), boxes.length - 1)];
      next?.querySelector("summary").focus();
    }
  });
  document.documentElement.dataset.ready = "yes";
})();
