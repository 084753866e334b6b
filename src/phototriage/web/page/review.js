/** The page: series after series, decided by keys. */
import {about, marksOf} from "./about.js";
import {get, picture} from "./api.js";
import {Blind} from "./blind.js";
import {element} from "./element.js";
import {openExport} from "./exporting.js";
import {forget, load} from "./pictures.js";
import {Shoot} from "./shoot.js";
import {drawHistogram, Stage} from "./stage.js";
import {texts} from "./texts.js";

const find = id => document.getElementById(id);
const MOST_PANES = 4;
const AHEAD = 3;
const LABELS = {6: "red", 7: "yellow", 8: "green", 9: "blue"};

let shoot, stage, blind;
let list = [];          // series that are shown, in order
let series = null;      // the one that is open, with its photos
let at = 0;             // place of the photo that keys decide about
let compared = null;    // ids side by side; null while one photo is shown
let chosen = new Set(); // ids chosen for splitting or ties
let busy = Promise.resolve();

for (const node of document.querySelectorAll("[data-text]")) node.textContent = texts[node.dataset.text];
for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", texts[node.dataset.label]);
find("keys").append(...texts.keyTable.map(([keys, words]) =>
  element("tr", {}, element("th", {scope: "row"}, element("kbd", {}, keys)), element("td", {}, words))));
const options = (select, words, value) => {
  select.append(...Object.entries(words).map(([key, text]) => element("option", {value: key}, text)));
  select.value = value;
};
options(find("filter"), texts.filters, "open");
options(find("order"), texts.orders, "folder");

function say(words) { find("said").textContent = words; }
function fail(error) {
  const lost = error instanceof TypeError;
  const tell = () => {
    find("state").textContent = lost ? texts.lost : error.message;
    find("state").className = "unsure";
    say(find("state").textContent);
  };
  tell();
  if (shoot && !lost) shoot.refresh().then(() => { draw(); tell(); }).catch(() => {});
}
/** One after the other, so that quick keys act in their order. */
function queued(act) {
  busy = busy.then(act).catch(fail);
  return busy;
}

async function start() {
  for (;;) {
    const {stage: step, done, total, notes, error} = await get("progress");
    if (step === "ready") break;
    find("measuring").hidden = false;
    if (step === "failed") {
      find("measuring-count").textContent = texts.failed + error;
      return;
    }
    find("measured").max = total || 1;
    find("measured").value = done;
    find("measuring-count").textContent = texts.measured(done, total);
    find("notes").replaceChildren(...notes.map(note => element("li", {}, note)));
    await new Promise(later => setTimeout(later, 500));
  }
  shoot = new Shoot(await get("session"));
  find("measuring").hidden = true;
  find("review").hidden = false;
  document.title = `${shoot.folder}: phototriage review`;
  find("folder").replaceChildren(element("bdi", {}, shoot.folder));
  stage = new Stage(find("panes"), text => { find("zoom").textContent = text; }, photo => {
    const place = series.photos.findIndex(each => each.id === photo);
    if (place >= 0 && place !== at) { at = place; draw(); }
  });
  blind = new Blind(find("comparing"), shoot);
  shoot.addEventListener("change", ({detail}) => {
    if (detail.regrouped) followGroups();
    else for (const id of Object.keys(detail.series)) mark(id);
    counts();
  });
  if (!shoot.all.some(each => each.kind === "series")) find("filter").value = shoot.filter = "everything";
  relist();
  await queued(() => show(list[0]?.id));
}
/** Series were merged or split, perhaps in another window; the photo stays open in the series that now has it. */
function followGroups() {
  const photo = series && current().id;
  const home = photo && shoot.all.find(each => each.photos.includes(photo));
  relist(home?.id);
  if (home && home.id !== series.id) { series = null; queued(() => show(home.id, photo)); }
}

/* ---- the list of series ---- */
function relist(keep) {
  list = shoot.shown(keep);
  find("list").replaceChildren(...list.map(each => {
    const button = element("button", {type: "button", dataset: {id: each.id}}, element("bdi", {}, each.name),
      element("span", {className: "soft"}, ` ${each.photos.length}`),
      ...(each.faults?.length ? [element("span", {className: "unsure"}, ` ${each.faults.join(", ")}`)] : []));
    button.onclick = () => { button.blur(); queued(() => show(each.id)); };
    return button;
  }));
  list.forEach(each => mark(each.id));
  counts();
}
function buttonOf(id) { return find("list").querySelector(`[data-id="${CSS.escape(id)}"]`); }
function mark(id) {
  const button = buttonOf(id);
  if (!button) return;
  const state = shoot.state(id);
  button.dataset.state = state;
  button.title = texts.states[state];
}
function counts() {
  find("counts").textContent = texts.counts(shoot.counts);
  for (const [id, what] of [["undo", shoot.undo], ["redo", shoot.redo]]) {
    find(id).textContent = id === "undo" ? "↶" : "↷";
    find(id).title = texts[id](what);
    find(id).setAttribute("aria-label", texts[id](what));
    find(id).disabled = !what;
  }
}

/* ---- the series that is open ---- */
async function show(id, photo) {
  if (!id) {
    series = null;
    find("stage").classList.add("nothing");
    find("empty").hidden = false;
    find("empty").textContent = shoot.filter === "open" ? texts.allDecided : texts.nothingHere;
    find("title").textContent = find("state").textContent = find("zoom").textContent = "";
    find("about").replaceChildren();
    find("strip").replaceChildren();
    return;
  }
  const place = list.findIndex(each => each.id === id);
  const next = list.slice(place + 1, place + 1 + AHEAD).map(each => each.id);
  const found = await shoot.detail(id, next);
  find("stage").classList.remove("nothing");
  find("empty").hidden = true;
  if (series?.id !== id) {
    chosen = new Set();
    compared = null;
    stage.zoomed.reset();
  }
  series = found;
  forget(image => series.photos.some(each => each.id === image.dataset.photo));
  at = Math.max(0, series.photos.findIndex(each => each.id === photo));
  draw();
  for (const each of next) {
    shoot.detail(each).then(({photos}) => { if (photos.length) load(new Image(), picture(photos[0].id, "large")); }).catch(() => {});
  }
}
const current = () => series.photos[at];

function draw() {
  if (!series) return;
  const {photos} = series;
  const shown = compared ? compared.map(id => photos.find(each => each.id === id)) : [current()];
  stage.show(shown, current().id, id => marksOf(shoot.decision(id)));
  const place = list.findIndex(each => each.id === series.id);
  find("title").replaceChildren(element("bdi", {}, series.name), `, ${texts.seriesOf(place + 1, list.length)}`);
  const state = series.kind === "series" || shoot.state(series.id) !== "open" ? texts.states[shoot.state(series.id)] : "";
  find("state").className = `state ${shoot.state(series.id)}`;
  find("state").textContent = [texts.kinds[series.kind], series.kind === "series" && texts.certainties[series.certainty], state]
    .filter(Boolean).join(" · ");
  find("about").replaceChildren(...about(current(), shoot.decision(current().id), {place: at + 1, count: photos.length}));
  histogram();
  drawStrip();
  const button = buttonOf(series.id);
  find("list").querySelector("[aria-current]")?.removeAttribute("aria-current");
  button?.setAttribute("aria-current", "true");
  button?.scrollIntoView({block: "nearest"});
}
function histogram() {
  const image = stage.imageOf(current().id);
  if (image?.naturalWidth) drawHistogram(find("histogram"), image);
}
find("panes").addEventListener("arrived", () => { if (series) histogram(); });

function drawStrip() {
  const strip = find("strip");
  const same = strip.dataset.series === series.id && strip.children.length === series.photos.length;
  if (!same) {
    strip.dataset.series = series.id;
    strip.replaceChildren(...series.photos.map((photo, place) => {
      const image = element("img", {alt: "", draggable: false, dataset: {photo: photo.id}});
      load(image, picture(photo.id, "thumbnail"));
      const button = element("button", {type: "button", dataset: {photo: photo.id}}, image, element("span", {className: "mark"}));
      button.onclick = event => { at = place; if (event.ctrlKey || event.metaKey) choose(); draw(); };
      return button;
    }));
  }
  series.photos.forEach((photo, place) => {
    const button = strip.children[place];
    const {flag, words} = marksOf(shoot.decision(photo.id));
    button.className = [photo.verdict, flag, chosen.has(photo.id) ? "chosen" : ""].join(" ");
    button.dataset.label = shoot.decision(photo.id).label;
    button.querySelector(".mark").textContent = words;
    button.tabIndex = place === at ? 0 : -1;
    button.setAttribute("aria-current", place === at);
    button.setAttribute("aria-label", [photo.name, texts.verdicts[photo.verdict], words,
      chosen.has(photo.id) ? texts.chosen : ""].filter(Boolean).join(", "));
  });
  strip.children[at].scrollIntoView({block: "nearest", inline: "nearest"});
  if (strip.contains(document.activeElement)) strip.children[at].focus({preventScroll: true});
}

/* ---- decisions ---- */
const shownIds = () => series.photos.map(photo => photo.id);
async function decide(path, body, words) {
  await shoot.decide(path, {series: series.id, ...body});
  say(words);
}
function marked(change, words) {
  return queued(async () => {
    if (!series) return;
    const photo = current();
    const previous = shoot.decision(photo.id);
    const marks = typeof change === "function" ? change(previous) : change;
    await decide("mark", {shown: shownIds(), marks: [{photo: photo.id, ...marks}]}, `${photo.name}: ${words}`);
    await advance("flag" in marks && marks.flag !== "");
  });
}
/** To the next photo, and after the last one to the next series; the photo stays where compared, or by choice. */
async function advance(goOn) {
  if (goOn && find("advance").checked && !compared) {
    if (at + 1 < series.photos.length) at += 1;
    else return nextOpen();
  }
  draw();
}
async function nextOpen() {
  const place = list.findIndex(each => each.id === series.id);
  const open = each => shoot.state(each.id) === "open";
  const wanted = shoot.filter === "open" ? open : () => true;
  const next = list.slice(place + 1).find(wanted) ?? (shoot.filter === "open" ? list.find(open) : null);
  if (next) await show(next.id);
  else if (shoot.filter === "open") { relist(); await show(undefined); }
  else draw();
}
function decided(path, body, words) {
  return queued(async () => {
    if (!series) return;
    await decide(path, {shown: shownIds(), ...body()}, `${series.name}: ${words}`);
    if (find("advance").checked) await nextOpen();
    else draw();
  });
}
function undo(path) {
  return queued(async () => {
    if (!(path === "undo" ? shoot.undo : shoot.redo)) return;
    const what = texts[path](path === "undo" ? shoot.undo : shoot.redo);
    const known = new Set(shoot.all.map(each => each.id));
    let changed = [];
    const heard = ({detail}) => { changed = [...Object.keys(detail.decisions), ...Object.keys(detail.series)]; };
    shoot.addEventListener("change", heard, {once: true});
    await shoot.decide(path);
    say(what);
    const touched = shoot.all.find(each => !known.has(each.id)) ??
      shoot.all.find(each => changed.includes(each.id) || each.photos.some(id => changed.includes(id)));
    if (!touched) { await show(series?.id ?? list[0]?.id, series && current().id); return; }
    if (!list.some(each => each.id === touched.id)) relist(touched.id);
    await show(touched.id, touched.photos.find(id => changed.includes(id)) ?? undefined);
  });
}
function choose() {
  const {id} = current();
  if (!chosen.delete(id)) chosen.add(id);
}
const regroup = (path, body) => queued(async () => {
  if (!series) return;
  const request = body();
  if (!request) { say(texts.nothingToMerge); return; }
  const {id} = current();
  await shoot.decide(path, request);
  say(path === "merge" ? texts.merged : texts.split);
  const home = shoot.all.find(each => each.photos.includes(id));
  series = null;
  relist(home.id);
  await show(home.id, id);
});

/* ---- moving about ---- */
const step = by => queued(() => {
  if (!series) return;
  at = Math.min(Math.max(at + by, 0), series.photos.length - 1);
  if (compared) {
    const {id} = current();
    if (!compared.includes(id)) compared = [...compared.slice(0, -1), id];
  }
  draw();
});
const stepSeries = by => queued(async () => {
  const place = series ? list.findIndex(each => each.id === series.id) : -by;
  const next = list[place + by];
  if (next) await show(next.id);
});
function compare() {
  if (!series || series.photos.length < 2) return;
  const {id} = current();
  const best = series.photos[0].id;
  compared = compared ? null : id === best ? [best, series.photos[1].id] : [best, id];
  draw();
}
function widen(by) {
  if (!compared) return;
  if (by < 0) {
    if (compared.length > 2) compared = compared.slice(0, -1);
  } else if (compared.length < MOST_PANES) {
    const more = series.photos.find(photo => !compared.includes(photo.id));
    if (more) compared = [...compared, more.id];
  }
  if (!compared.includes(current().id)) at = series.photos.findIndex(photo => photo.id === compared.at(-1));
  draw();
}
function nextPane() {
  const next = compared[(compared.indexOf(current().id) + 1) % compared.length];
  at = series.photos.findIndex(photo => photo.id === next);
  draw();
}
const tied = () => ({photos: chosen.size > 1 ? [...chosen] : compared ?? shownIds()});
const alone = () => ({
  marks: series.photos.filter(({id}) => id === current().id || shoot.decision(id).flag === "pick")
    .map(({id}) => ({photo: id, flag: id === current().id ? "pick" : ""})),
});
/** What is suggested, unless the person has decided otherwise, or nothing is. */
const accept = () => {
  const asked = series?.kind === "series" && shoot.state(series.id) === "open";
  return asked ? decided("accept", () => ({}), texts.accepted) : queued(() => series && nextOpen());
};

const keys = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => stepSeries(-1), ArrowDown: () => stepSeries(1),
  Home: () => step(-Infinity), End: () => step(Infinity),
  p: () => marked({flag: "pick"}, texts.flags.pick),
  x: () => marked({flag: "reject"}, texts.flags.reject),
  u: () => marked({flag: ""}, texts.cleared),
  n: () => decided("none", () => ({}), texts.noneOfThese),
  t: () => series?.photos.length > 1 && decided("tie", tied, texts.tied),
  c: compare, v: () => { if (series) { choose(); draw(); } },
  z: () => series && stage.zoomed.switchPixels(), " ": () => series && stage.zoomed.switchPixels(),
  "+": () => series && stage.zoomed.zoomBy(1.5), "=": () => series && stage.zoomed.zoomBy(1.5),
  "-": () => series && stage.zoomed.zoomBy(1 / 1.5),
  s: () => regroup("split", () => ({series: series.id, photos: chosen.size ? [...chosen] : [current().id]})),
  m: () => regroup("merge", () => {
    const before = shoot.all[shoot.all.findIndex(each => each.id === series.id) - 1];
    return before && {series: [before.id, series.id]};
  }),
  b: () => blind.open().catch(fail),
  e: () => openExport(find("exporting")),
  "?": () => find("keyboard").showModal(),
  Enter: accept,
  Escape: () => { compared = null; stage.zoomed.reset(); draw(); },
};
for (let stars = 0; stars <= 5; stars += 1) keys[stars] = () => marked({stars}, stars ? texts.stars(stars) : texts.cleared);
for (const [key, label] of Object.entries(LABELS)) {
  keys[key] = () => marked(before => ({label: before.label === label ? "" : label}), texts.labels[label]);
}

addEventListener("keydown", event => {
  if (!shoot || event.isComposing) return;
  const {target} = event;
  if (find("comparing").open) {
    if (blind.key(event)) event.preventDefault();
    return;
  }
  if (find("keyboard").open || find("exporting").open || target.matches("select, input[type=text]")) return;
  // Where letters are not Latin, a key is known by its place.
  const typed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const key = /^Key[A-Z]$/.test(event.code) && !/^[\x00-\x7f]+$/.test(typed) ? event.code.at(-1).toLowerCase() : typed;
  const command = event.ctrlKey || event.metaKey;
  if (command) {
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    undo(key === "y" || event.shiftKey ? "redo" : "undo");
    return;
  }
  if ((key === "Enter" || key === " ") && target.closest(".tools, #list")) return;
  if (event.repeat && !key.startsWith("Arrow") && key !== "+" && key !== "-") return;
  if (event.altKey) {
    const by = {ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80]}[key];
    if (!by || !series) return;
    stage.zoomed.pan(...by);
  } else if (event.shiftKey && key === "Enter") decided("mark", alone, texts.flags.pick);
  else if (event.shiftKey && compared && (key === "ArrowLeft" || key === "ArrowRight")) widen(key === "ArrowRight" ? 1 : -1);
  else if (key === "Tab" && compared && !event.shiftKey) nextPane();
  else if (keys[key]) keys[key]();
  else return;
  event.preventDefault();
});

for (const name of ["filter", "order"]) {
  find(name).onchange = event => {
    shoot[name] = event.target.value;
    if (!event.target.matches(":focus-visible")) event.target.blur();
    relist();
    queued(() => show(list[0]?.id));
  };
}
find("actions").append(...Object.entries(texts.actions).map(([key, words]) => {
  const button = element("button", {type: "button"}, words);
  button.onclick = () => { button.blur(); if (series) keys[key](); };
  return button;
}));
find("undo").onclick = () => undo("undo");
find("redo").onclick = () => undo("redo");
find("blind").onclick = () => keys.b();
find("export").onclick = () => keys.e();
find("help").onclick = () => keys["?"]();
find("theme").onclick = () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
};
addEventListener("focus", () => { if (shoot) queued(async () => { await shoot.refresh(); draw(); }); });
start().catch(fail);
