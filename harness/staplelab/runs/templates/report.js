"use strict";
/* The list of a run's scenarios, what narrows it, and one scenario.  All of that stands in the
 * address behind "#", so that whoever is sent a link sees the same. */
const staplelab = { index: null, suites: new Map(), waiting: new Map() };

/* An element with attributes and children; text is text, never markup. */
staplelab.make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
};

/* ----- the address ----- */

staplelab.wanted = () => new URLSearchParams(location.hash.slice(1));

/* The address with these parts changed; "" takes one out. */
staplelab.address = (changes) => {
  const wanted = staplelab.wanted();
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") wanted.delete(name);
    else wanted.set(name, value);
  }
  return "#" + wanted.toString();
};

staplelab.go = (changes) => {
  history.replaceState(null, "", staplelab.address(changes));
  staplelab.draw();
};

/* ----- the data ----- */

/* A file of data calls this with its number. */
staplelab.suite = (number, scenarios) => {
  staplelab.suites.set(number, scenarios);
  for (const then of staplelab.waiting.get(number) || []) then();
  staplelab.waiting.delete(number);
};

/* Calls `then` once the timelines of a suite are there. */
staplelab.load = (number, then) => {
  if (staplelab.suites.has(number)) return then();
  if (staplelab.waiting.has(number)) return staplelab.waiting.get(number).push(then);
  staplelab.waiting.set(number, [then]);
  document.body.append(staplelab.make("script", { src: `data/${number}.js` }));
};

staplelab.find = (id) => {
  for (const [number, [, scenarios]] of staplelab.index.suites.entries()) {
    const found = scenarios.find((one) => one.id === id);
    if (found) return [number, found];
  }
  return null;
};

/* ----- the head and the controls ----- */

staplelab.head = () => {
  const { make, index } = staplelab;
  const count = index.suites.reduce((sum, [, scenarios]) => sum + scenarios.length, 0);
  document.getElementById("head").append(...[
    make("h1", {}, make("a", { href: "#" }, `${index.title}: ${count} scenarios${index.partial ? " (partial)" : ""}`)),
    index.partial ? make("p", { class: "partial" }, index.partial) : null,
    make("p", { class: "dim" }, make("code", {}, index.path), `, ${index.library}, host ${index.host}, ` +
      `clock ${index.clock}, ${index.seconds} s, Staplelab ${index.version}. `,
    make("a", { href: "#page=deviations" }, "Known deviations"), " · ",
    make("a", { href: "#page=faults" }, "Faults"), " · ",
    make("a", { href: "#page=changes" }, `Changes since the run before (${index.changes.length})`)),
  ].filter(Boolean));
};

staplelab.controls = () => {
  const { make, index, go } = staplelab;
  const counted = {};
  const faults = new Set();
  for (const [, scenarios] of index.suites) {
    for (const one of scenarios) {
      counted[one.outcome] = (counted[one.outcome] || 0) + 1;
      one.faults.forEach((fault) => faults.add(fault));
    }
  }
  const choice = (name, all, words) => make("select", { id: name, "aria-label": all,
    onchange: (event) => go({ [name]: event.target.value, scenario: "" }) },
  make("option", { value: "" }, all), ...words.map((word) => make("option", { value: word }, word)));
  document.getElementById("controls").append(
    make("input", { type: "search", id: "search", placeholder: "Search (press /)", "aria-label": "Search",
      oninput: (event) => go({ search: event.target.value, scenario: "" }) }),
    choice("suite", "all suites", index.suites.map(([suite]) => suite)),
    choice("fault", "all faults", [...faults].sort()),
    ...index.outcomes.map((outcome) => make("label", {},
      make("input", { type: "checkbox", "data-outcome": outcome, onchange: staplelab.chooseOutcomes }), " ",
      make("span", { class: `badge ${outcome}` }, `${outcome} ${counted[outcome] || 0}`))),
  );
};

staplelab.chooseOutcomes = () => {
  const boxes = [...document.querySelectorAll("input[data-outcome]")];
  const off = boxes.filter((box) => !box.checked).map((box) => box.dataset.outcome);
  staplelab.go({ without: off.join(","), scenario: "" });
};

staplelab.showChoices = (wanted) => {
  for (const name of ["search", "suite", "fault"]) {
    const control = document.getElementById(name);
    if (control.value !== (wanted.get(name) || "")) control.value = wanted.get(name) || "";
  }
  const off = (wanted.get("without") || "").split(",");
  for (const box of document.querySelectorAll("input[data-outcome]")) {
    box.checked = !off.includes(box.dataset.outcome);
  }
};

/* ----- the list ----- */

staplelab.chosen = (wanted) => {
  const words = (wanted.get("search") || "").toLowerCase().split(/\s+/).filter(Boolean);
  const off = (wanted.get("without") || "").split(",");
  const suite = wanted.get("suite");
  const fault = wanted.get("fault");
  const deviation = wanted.get("deviation");
  return (one, of) => {
    const text = `${one.id} ${one.reason}`.toLowerCase();
    return words.every((word) => text.includes(word)) && !off.includes(one.outcome) &&
      (!suite || of === suite) && (!fault || one.faults.includes(fault)) &&
      (!deviation || one.deviations.includes(deviation));
  };
};

staplelab.line = (one) => {
  const { make, address } = staplelab;
  return make("div", { class: "row" },
    make("span", { class: `badge ${one.outcome}` }, one.outcome),
    make("a", { href: address({ scenario: one.id, event: "" }), class: "mono" }, one.id.split("/").slice(-1)[0]),
    make("span", { class: "ms" }, `${one.ms} ms`),
    one.reason ? make("span", { class: "why" }, one.reason) : null);
};

staplelab.list = (wanted) => {
  const { make, index } = staplelab;
  const fits = staplelab.chosen(wanted);
  const narrowed = ["search", "suite", "fault", "deviation"].some((name) => wanted.get(name));
  const shown = [];
  for (const [suite, scenarios] of index.suites) {
    const ours = scenarios.filter((one) => fits(one, suite));
    if (ours.length === 0) continue;
    const unexpected = ours.some((one) => ["fail", "error"].includes(one.outcome));
    const group = make("details", { class: "suite", open: narrowed || unexpected },
      make("summary", {}, `${suite} (${ours.length})`));
    // the lines of a suite are made when it is opened: a run has thousands
    const fill = () => group.children.length === 1 && group.append(...ours.map(staplelab.line));
    group.addEventListener("toggle", fill);
    if (group.open) fill();
    shown.push(group);
  }
  return shown.length ? shown : [make("p", {}, "No scenario fits.")];
};

/* ----- the other pages ----- */

staplelab.all = () => staplelab.index.suites.flatMap(([, scenarios]) => scenarios);

staplelab.deviationsPage = () => {
  const { make, index } = staplelab;
  const ids = [...new Set(staplelab.all().flatMap((one) => one.deviations))].sort();
  const shown = ids.flatMap((id) => {
    const [title, expected, does, source] = index.deviations[id] || [id, "", "", ""];
    const count = staplelab.all().filter((one) => one.deviations.includes(id)).length;
    return [make("h2", {}, `${id}: ${title}`),
      make("p", {}, `Expected: ${expected}.`), make("p", {}, `nginx ${does}.`),
      make("p", { class: "dim" }, source, " · ",
        make("a", { href: `#deviation=${encodeURIComponent(id)}` }, `${count} scenarios show it`))];
  });
  return shown.length ? shown : [make("p", {}, "This run shows no known deviation.")];
};

staplelab.faultsPage = () => {
  const { make } = staplelab;
  const counted = new Map();
  for (const one of staplelab.all()) {
    for (const fault of one.faults) counted.set(fault, (counted.get(fault) || 0) + 1);
  }
  return [...counted.keys()].sort().map((fault) => make("p", {},
    make("a", { class: "mono", href: `#fault=${encodeURIComponent(fault)}` }, fault), ` in ${counted.get(fault)} scenarios`));
};

staplelab.changesPage = () => {
  const { make, index } = staplelab;
  const lines = index.changes.map((line) => make("p", { class: "mono" }, line));
  return lines.length ? lines : [make("p", {}, "Nothing has changed in behaviour, or there was no run before.")];
};

/* ----- one scenario ----- */

staplelab.scenario = (wanted) => {
  const { make, address } = staplelab;
  const found = staplelab.find(wanted.get("scenario"));
  if (!found) return [make("p", {}, `There is no scenario ${wanted.get("scenario")} in this run.`)];
  const [number, one] = found;
  const [expected, seen] = one.outcome === "known-deviation" ? one.reason.split("; nginx ") : ["", ""];
  const body = make("div", {}, make("p", { class: "dim" }, "Reading its timeline ..."));
  staplelab.load(number, () => body.replaceChildren(...staplelab.told(one, staplelab.suites.get(number)[one.id], wanted)));
  return [make("p", { class: "back" }, make("a", { href: address({ scenario: "", event: "" }) }, "← all scenarios")),
    make("h2", {}, one.id),
    one.about ? make("p", {}, one.about) : null,
    make("p", {}, make("span", { class: `badge ${one.outcome}` }, one.outcome), ` ${one.ms} ms, ${one.source}`),
    expected ? make("p", {}, expected.replace(/^\S+: e/, "E"), ".") : null,
    expected ? make("p", {}, `Seen: nginx ${seen}.`) : null,
    one.reason && !expected ? make("p", {}, one.reason) : null, body];
};

staplelab.told = (one, told, wanted) => {
  const { make } = staplelab;
  const facts = Object.entries(told.observed).map(([name, value]) => make("tr", {}, make("td", {}, name),
    make("td", { class: "mono" }, typeof value === "string" ? value : JSON.stringify(value))));
  return [told.text ? make("pre", {}, told.text) : null,
    staplelab.lanes(told, Number(wanted.get("event") || -1)),
    facts.length ? make("details", {}, make("summary", {}, "What was observed"), make("table", { class: "facts" }, ...facts)) : null,
  ].filter(Boolean);
};

/* ----- all together ----- */

staplelab.draw = () => {
  const wanted = staplelab.wanted();
  staplelab.showChoices(wanted);
  const pages = { deviations: staplelab.deviationsPage, faults: staplelab.faultsPage, changes: staplelab.changesPage };
  const page = wanted.get("scenario") ? staplelab.scenario : pages[wanted.get("page")] || staplelab.list;
  document.getElementById("main").replaceChildren(...page(wanted).filter(Boolean));
};

staplelab.begin = () => {
  staplelab.head();
  staplelab.controls();
  addEventListener("hashchange", staplelab.draw);
  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      document.getElementById("search").focus();
    } else if (event.key === "Escape") {
      staplelab.go({ scenario: "", event: "" });
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && !typing) {
      const stops = [...document.querySelectorAll(".row a, .event, details.suite > summary")];
      const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    }
  });
  staplelab.draw();
};
