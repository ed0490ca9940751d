/* The timeline of a scenario as swim lanes: a row for each entry, a lane for each part. */

staplelab.svg = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

/* ----- times, as the rest of the lab writes them ----- */

/* +1 h 0 min 1 s: units between two others are told, those of nothing at either end are not. */
staplelab.offset = (seconds) => {
  let left = Math.round(Math.abs(seconds) * 1000) / 1000;
  const counts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].map(([unit, size]) => {
    const count = unit === "s" ? left : Math.floor(left / size);
    left -= unit === "s" ? left : count * size;
    return [Math.round(count * 1000) / 1000, unit];
  });
  let told = [...counts.keys()].filter((i) => counts[i][0] !== 0);
  if (told.length === 0) told = [counts.length - 1];
  const words = counts.slice(told[0], told[told.length - 1] + 1).map(([count, unit]) => `${count} ${unit}`);
  return (seconds < 0 ? "-" : "+") + words.join(" ");
};

staplelab.instant = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/* ----- what an entry says in a line ----- */

staplelab.value = (name, value) => {
  if (typeof value === "number" && staplelab.index.instants.includes(name)) return staplelab.instant(value);
  if (typeof value === "number" && name === "seconds") return staplelab.offset(value);
  if (typeof value === "string") return /^[^\s"={}[\],]+$/.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one) => staplelab.value(name, one)).join(", ")}]`;
  if (value && typeof value === "object") return `{${staplelab.compact(value)}}`;
  return JSON.stringify(value);
};

staplelab.compact = (details) => Object.entries(details).filter(([, value]) => value !== null)
  .map(([name, value]) => `${name}=${staplelab.value(name, value)}`).join(" ");

/* The words of the entries that are read most, without what only programs need. */
staplelab.SAYINGS = {
  query: (d) => `${d.qname} ${d.qtype}?${d.transport === "tcp" ? " (TCP)" : ""}`,
  request: (d) => `${d.method || ""} for ${(d.certificates || d.serials || []).join(", ")}`,
  accept: () => "connection",
  close: (d) => `closed by ${d.by === "peer" ? "nginx" : "it"} (${d.how}), ${d.sent} octets sent`,
  handshake: (d) => `${d.verdict || "failed"}: ${d.reason}${d.options ? ` (${d.options})` : ""}`,
  clock: (d) => `${staplelab.offset(d.seconds)}${d.alone ? ` of ${d.alone} time alone` : ""}`,
};

staplelab.saying = (what, details) => {
  if (what === "response" && details.qname) {
    return `rcode ${details.rcode}, ${(details.answers || []).join("; ") || "no records"}`;
  }
  if (what === "response") return `HTTP ${details.http_status}, ${details.cert_status || details.response_status || ""}`;
  const say = staplelab.SAYINGS[what];
  return say ? say(details) : staplelab.compact(details);
};

/* ----- the lanes ----- */

staplelab.ROW = 24;

/* From which lane to which an entry goes; the same one twice: it stays there. */
staplelab.way = (part, what, details, server) => {
  if (part === "scenario") {
    if (["handshake", "staple-check", "run"].includes(what)) return ["client", server];
    if (["start", "stop", "reload", "reconfigure", "upgrade", "quit", "file"].includes(what)) return ["scenario", server];
    return ["scenario", details.part || "scenario"];
  }
  if (["query", "accept", "request"].includes(what)) return [server, part];
  if (["response", "close"].includes(what)) return [part, server];
  return [part, part];
};

/* The rows: entries, with those that every scenario has folded into one. */
staplelab.rows = (told) => {
  const routine = new Set(told.routine);
  const rows = [];
  told.timeline.forEach((entry, number) => {
    const last = rows[rows.length - 1];
    if (!routine.has(number)) rows.push({ entry, number });
    else if (last && last.folded) last.folded.push(entry);
    else rows.push({ entry, number, folded: [entry] });
  });
  return rows;
};

staplelab.laneNames = (told) => {
  const server = staplelab.index.server;
  const first = ["scenario", "client", server];
  const others = told.timeline.map(([, part]) => part).filter((part) => !first.includes(part));
  return [...first, ...new Set(others)];
};

/* The picture and its rows; `open`: the number of the entry that is shown whole, or -1. */
staplelab.lanes = (told, open) => {
  const { make, svg, ROW, index } = staplelab;
  const names = staplelab.laneNames(told);
  const width = Math.max(20, Math.min(84, Math.floor((innerWidth - 40) * 0.4 / names.length)));
  const rows = staplelab.rows(told);
  const all = make("div", { class: "timeline" }, make("div", { class: "heads" },
    ...names.map((name) => make("span", { style: `width:${width}px`, title: name }, name))));
  let block = null;
  let picture = null;
  let height = 0;
  const begin = () => {
    block = make("div", { class: "lanes" });
    picture = svg("svg", { width: names.length * width, height: 0, "aria-hidden": "true" });
    block.append(picture);
    all.append(block);
    height = 0;
  };
  const end = () => {
    picture.setAttribute("height", height);
    names.forEach((_, lane) => {
      const x = (lane + 0.5) * width;
      picture.prepend(svg("line", { class: "lane", x1: x, x2: x, y1: 0, y2: height }));
    });
  };
  begin();
  let time = null;
  for (const { entry, number, folded } of rows) {
    staplelab.drawRow(picture, names, width, height + ROW / 2, entry, folded);
    block.append(staplelab.row(entry, number, folded, names.length * width, open, entry[0] !== time));
    [time] = entry;
    height += ROW;
    if (number === open) { // what it says stands below it, and the lanes go on behind that
      end();
      const details = folded ? folded.map(([, , what]) => what).join("\n")
        : JSON.stringify({ at: staplelab.instant(index.epoch + entry[0]), part: entry[1], what: entry[2], ...entry[3] }, null, 1);
      all.append(make("pre", { class: "whole" }, details));
      begin();
    }
  }
  end();
  return all;
};

staplelab.drawRow = (picture, names, width, y, [, part, what, details], folded) => {
  const { svg } = staplelab;
  const at = (name) => (Math.max(0, names.indexOf(name)) + 0.5) * width;
  if (what === "clock" && part === "scenario") {
    picture.append(svg("line", { class: "break", x1: 0, x2: names.length * width, y1: y, y2: y }));
    return;
  }
  const [from, to] = staplelab.way(part, what, details, staplelab.index.server).map(at);
  if (from === to || folded) {
    picture.append(svg("circle", { class: "mark", cx: from, cy: y, r: folded ? 1.5 : 3 }));
    return;
  }
  const back = to > from ? -6 : 6;
  picture.append(svg("line", { class: "arrow", x1: from, x2: to, y1: y, y2: y }),
    svg("path", { class: "arrow", d: `M${to} ${y} l${back} -3.5 v7 z` }));
};

/* One row; its time is written where it is another one than in the row above. */
staplelab.row = ([at, part, what, details], number, folded, left, open, timed) => {
  const { make, go } = staplelab;
  const time = timed ? `${staplelab.instant(staplelab.index.epoch + at).slice(11, 19)} ` : "";
  const words = folded ? `${folded.length} ${folded.length > 1 ? "lines" : "line"} of routine`
    : part === staplelab.index.server ? what : `${what} ${staplelab.saying(what, details)}`;
  const bad = /^\[(error|crit|alert|emerg)\]/.test(what) || details.verdict === null ||
    (details.faults || []).length > 0;
  const kind = [what === "clock" ? "step" : "", folded ? "noise" : "", bad ? "bad" : "",
    details.verdict === "GOOD" ? "good" : ""].filter(Boolean).join(" ");
  const faults = part !== "scenario" && (details.faults || []).length ? ` ⚡ ${details.faults.join(", ")}` : "";
  return make("button", { class: `event ${kind}`, style: `padding-left:${left + 8}px`, "data-event": number,
    title: staplelab.offset(at), "aria-expanded": String(number === open),
    onclick: () => go({ event: number === open ? "" : String(number) }) },
  make("span", { class: "time" }, time), `${words}${faults}`);
};
