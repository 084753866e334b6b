/** The page: series after series, decided by keys. */
import {about, marksOf} from "./about.js";
import {get, Lost, picture} from "./api.js";
import {bar} from "./bar.js";
import {Blind} from "./blind.js";
import {element} from "./element.js";
import {openExport} from "./exporting.js";
import {Faces} from "./faces.js";
import {Filmstrip} from "./filmstrip.js";
import {drawHistogram} from "./histogram.js";
import {keyOf} from "./keyboard.js";
import {SeriesList} from "./list.js";
import {measured} from "./measuring.js";
import {forget, load} from "./pictures.js";
import {Selection} from "./selection.js";
import {Shoot} from "./shoot.js";
import {Stage} from "./stage.js";
import {Teaching} from "./teach.js";
import {texts} from "./texts.js";

const find = id => document.getElementById(id);
const AHEAD = 3;
const LABELS = {6: "red", 7: "yellow", 8: "green", 9: "blue"};

let shoot, stage, blind, faces, teaching;
let list = [];        // series that are shown, in order
let selection = null; // of the series that is open
let busy = Promise.resolve();
let pending = 0;      // acts that are not done yet

function say(words) { find("said").textContent = words; }
function fail(error) {
  const begun = !find("review").hidden;
  const line = find(begun ? "state" : "measuring-count");
  if (!begun) find("measuring").hidden = false;
  const tell = () => {
    line.textContent = error.message;
    line.className = "unsure";
    say(error.message);
  };
  tell();
  if (shoot && !(error instanceof Lost)) shoot.refresh().then(() => { draw(); tell(); }).catch(() => {});
}
/** One after the other, so that quick keys act in their order. */
function queued(act) {
  pending += 1;
  busy = busy.then(act).catch(fail).finally(() => { pending -= 1; });
  return busy;
}
const seriesList = new SeriesList(find("list"), id => queued(() => show(id)));
const strip = new Filmstrip(find("strip"), (place, event) => {
  selection.at = place;
  if (event.ctrlKey || event.metaKey) selection.choose();
  draw();
});
const decisionOf = id => shoot.decision(id);
const verdictOf = photo => shoot.verdict(selection.series.id, photo);

async function start() {
  if (!await measured()) return;
  shoot = new Shoot(await get("session"));
  find("review").hidden = false;
  document.title = `${shoot.folder}: phototriage review`;
  find("folder").replaceChildren(element("bdi", {}, shoot.folder));
  stage = new Stage(find("panes"), text => {
    find("zoom").textContent = [text, faces?.words(selection?.current)].filter(Boolean).join(" · ");
  }, photo => {
    if (selection?.goTo(photo)) draw();
  }, by => (by > 0 ? selection?.isLast : selection?.at === 0) ? stepSeries(by) : keys[by > 0 ? "ArrowRight" : "ArrowLeft"]());
  faces = new Faces(find("facing"), stage.zoomed, (person, photo) => look(() => {
    selection.goTo(photo);
    if (!selection.compared) selection.compare();
    draw();
    faces.lock(selection.series, person);
  })());
  blind = new Blind(find("comparing"), shoot);
  shoot.addEventListener("change", ({detail}) => {
    if (detail.regrouped) followGroups();
    else for (const id of Object.keys(detail.series)) seriesList.mark(id, shoot.state(id));
    bar.count(shoot);
  });
  bar.tellLeftOut(shoot.leftOut);
  if (!shoot.all.some(each => each.kind === "series")) find("filter").value = shoot.filter = "everything";
  relist();
  await queued(() => show(list[0]?.id));
  teaching = new Teaching(find("teaching"), shoot, () => { relist(); queued(() => show(list[0]?.id)); });
  find("teach").hidden = !await teaching.begin();
}
/** Series were merged or split, perhaps in another window; the photo stays open in the series that now has it. */
function followGroups() {
  const photo = selection?.current.id;
  const home = photo && shoot.all.find(each => each.photos.includes(photo));
  relist(home?.id);
  if (home && home.id !== selection.series.id) { selection = null; queued(() => show(home.id, photo)); }
}
function relist(keep) {
  list = shoot.shown(keep);
  seriesList.show(list, id => shoot.state(id));
  bar.count(shoot);
}

/* ---- the series that is open ---- */
async function show(id, photo) {
  find("stage").classList.toggle("nothing", !id);
  find("empty").hidden = Boolean(id);
  if (!id) {
    selection = null;
    find("empty").textContent = shoot.filter === "open" ? texts.allDecided : texts.nothingHere;
    find("title").textContent = find("state").textContent = find("zoom").textContent = "";
    find("about").replaceChildren();
    strip.clear();
    return;
  }
  const next = following(id);
  const found = await shoot.detail(id, next);
  if (selection?.series.id !== id) {
    selection = new Selection(found);
    faces.lock();
    stage.zoomed.reset();
  }
  selection.series = found;
  selection.goTo(photo);
  forget(image => selection.ids.includes(image.dataset.photo));
  draw();
  fetchAhead(next, "preview");
}
function following(id) {
  const place = list.findIndex(each => each.id === id);
  return list.slice(place + 1, place + 1 + AHEAD).map(each => each.id);
}
/** Asks for the first photos of series that may be wanted next. */
function fetchAhead(ids, size) {
  for (const id of ids) {
    shoot.detail(id).then(({photos}) => load(new Image(), picture(photos[0].id, size))).catch(() => {});
  }
}
function draw() {
  if (!selection) return;
  const {series, current, photos} = selection;
  stage.show(selection.shown, current.id, id => marksOf(decisionOf(id)));
  const place = list.findIndex(each => each.id === series.id);
  find("title").replaceChildren(element("bdi", {}, series.name), `, ${texts.seriesOf(place + 1, list.length)}`);
  const state = shoot.state(series.id);
  const chosenFrom = series.kind === "series";
  find("state").className = `state ${state}`;
  find("state").textContent = [
    texts.kinds[series.kind],
    chosenFrom && texts.certainties[series.certainty],
    (chosenFrom || state !== "open") && texts.states[state],
  ].filter(Boolean).join(" · ");
  const where = {place: selection.at + 1, count: photos.length, verdict: verdictOf(current)};
  find("about").replaceChildren(...about(current, decisionOf(current.id), where));
  histogram();
  strip.show(series, selection.at, selection.chosen, decisionOf, verdictOf);
  seriesList.current(series.id);
}
function histogram() {
  if (!selection) return;
  const {id} = selection.current;
  drawHistogram(find("histogram"), id, () => selection?.current.id === id).catch(() => {});
}
find("panes").addEventListener("arrived", ({detail}) => {
  if (detail === "preview") histogram();
  if (detail === "large" && selection) fetchAhead(following(selection.series.id).slice(0, 1), "large");
});
find("panes").addEventListener("back", () => { strip.mend(); histogram(); });

/* ---- decisions ---- */
async function decide(path, body, words) {
  await shoot.decide(path, {series: selection.series.id, ...body});
  say(words);
}
/** Flags, rates or labels the current photo; `change`: the marks, or what makes them of the marks it has. */
const marked = (change, words) => queued(async () => {
  if (!selection) return;
  const photo = selection.current;
  const marks = typeof change === "function" ? change(decisionOf(photo.id)) : change;
  await decide("mark", {shown: selection.ids, marks: [{photo: photo.id, ...marks}]}, `${photo.name}: ${words}`);
  const goOn = marks.flag && find("advance").checked && !selection.compared;
  if (goOn && selection.isLast) await nextOpen();
  else {
    if (goOn) selection.step(1);
    draw();
  }
});
/** Decides about the whole series; `body` gives what the request says of it. */
const decided = (path, body, words) => queued(async () => {
  if (!selection) return;
  await decide(path, {shown: selection.ids, ...body()}, `${selection.series.name}: ${words}`);
  if (find("advance").checked) await nextOpen();
  else draw();
});
async function nextOpen() {
  const place = list.findIndex(each => each.id === selection.series.id);
  const wanted = each => shoot.filter !== "open" || shoot.state(each.id) === "open";
  const next = list.slice(place + 1).find(wanted) ?? (shoot.filter === "open" ? list.find(wanted) : null);
  if (next) await show(next.id);
  else if (shoot.filter === "open") { relist(); await show(undefined); }
  else draw();
}
const takeBack = path => queued(async () => {
  await shoot.refresh();  // so that what changes is only what is taken back, not what another window decided too
  if (!shoot[path]) { say(texts[path](null)); draw(); return; }
  const known = new Set(shoot.all.map(each => each.id));
  let changed = [];
  const heard = ({detail}) => { changed = [...Object.keys(detail.decisions), ...Object.keys(detail.series)]; };
  shoot.addEventListener("change", heard, {once: true});
  await shoot.decide(path);
  say(texts[path](path === "undo" ? shoot.redo : shoot.undo));  // as it was done, not as it was known before
  const touched = shoot.all.find(each => !known.has(each.id)) ??
    shoot.all.find(each => changed.includes(each.id) || each.photos.some(id => changed.includes(id)));
  if (!touched) { await show(selection?.series.id ?? list[0]?.id); return; }
  if (!list.some(each => each.id === touched.id)) relist(touched.id);
  await show(touched.id, touched.photos.find(id => changed.includes(id)));
});
const regroup = (path, body) => queued(async () => {
  if (!selection) return;
  const request = body();
  if (!request) { say(texts.nothingToMerge); return; }
  const {id} = selection.current;
  await shoot.decide(path, request);
  say(texts[path === "merge" ? "merged" : "split"]);
  const home = shoot.all.find(each => each.photos.includes(id));
  selection = null;
  relist(home.id);
  await show(home.id, id);
});
const toSplit = () => {
  const {series, chosen, current} = selection;
  return {series: series.id, photos: chosen.size ? [...chosen] : [current.id]};
};
const toMerge = () => {
  const before = shoot.all[shoot.all.findIndex(each => each.id === selection.series.id) - 1];
  return before && {series: [before.id, selection.series.id]};
};
/** What is suggested, unless the person has decided otherwise, or nothing is. */
const accept = () => {
  const asked = selection?.series.kind === "series" && shoot.state(selection.series.id) === "open";
  return asked ? decided("accept", () => ({}), texts.accepted) : queued(() => selection && nextOpen());
};

/* ---- keys ---- */
const stepSeries = by => queued(async () => {
  const place = selection ? list.findIndex(each => each.id === selection.series.id) : -by;
  const next = list[place + by];
  if (next) await show(next.id);
});
/** Changes what is looked at, once what was decided before is done. */
const look = change => () => queued(() => {
  if (!selection) return;
  change();
  draw();
});
const zoom = act => () => { if (selection) act(stage.zoomed); };

const keys = {
  ArrowLeft: look(() => selection.step(-1)), ArrowRight: look(() => selection.step(1)),
  Home: look(() => selection.step(-Infinity)), End: look(() => selection.step(Infinity)),
  ArrowUp: () => stepSeries(-1), ArrowDown: () => stepSeries(1),
  p: () => marked({flag: "pick"}, texts.flags.pick),
  x: () => marked({flag: "reject"}, texts.flags.reject),
  u: () => marked({flag: ""}, texts.cleared),
  n: () => decided("none", () => ({}), texts.noneOfThese),
  t: () => selection?.photos.length > 1 && decided("tie", () => ({photos: selection.tied(decisionOf)}), texts.tied),
  c: look(() => selection.compare()), v: look(() => selection.choose()),
  z: zoom(zoomed => zoomed.switchPixels()), " ": zoom(zoomed => zoomed.switchPixels()),
  "+": zoom(zoomed => zoomed.zoomBy(1.5)), "=": zoom(zoomed => zoomed.zoomBy(1.5)),
  "-": zoom(zoomed => zoomed.zoomBy(1 / 1.5)),
  s: () => regroup("split", toSplit),
  m: () => regroup("merge", toMerge),
  f: () => selection && faces.open(selection.series, selection.current.id, id => decisionOf(id).flag === "pick", verdictOf),
  l: look(() => {
    faces.lockNext(selection.series, selection.current);
    say(faces.words(selection.current));
  }),
  b: () => blind.open(),
  e: () => openExport(find("exporting")),
  "?": () => find("keyboard").showModal(),
  Enter: accept,
  Escape: look(() => { selection.compared = null; faces.lock(); stage.zoomed.reset(); }),
};
for (let stars = 0; stars <= 5; stars += 1) keys[stars] = () => marked({stars}, stars ? texts.stars(stars) : texts.cleared);
for (const [key, label] of Object.entries(LABELS)) {
  keys[key] = () => marked(before => ({label: before.label === label ? "" : label}), texts.labels[label]);
}

addEventListener("keydown", event => {
  if (!shoot || event.isComposing) return;
  const {target} = event;
  const asking = [blind, teaching].find(each => each?.dialog.open);
  if (asking) {
    if (asking.key(event)) event.preventDefault();
    return;
  }
  if (document.querySelector("dialog[open]") || target.matches("input[type=text]")) return;
  const key = keyOf(event);
  if (target.matches("select")) {
    if (key === "Escape") target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey) {
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    takeBack(key === "y" || event.shiftKey ? "redo" : "undo");
    return;
  }
  const control = target.closest(".tools, #list, #actions") && target;
  if ((key === "Enter" || key === " ") && control) return;
  if (event.repeat) {
    const goesOn = key.startsWith("Arrow") || key === "+" || key === "-";
    if (!goesOn || pending) {  // a key that is held stops where it is let go
      event.preventDefault();
      return;
    }
  }
  if (keys[key]) control?.blur();  // the person is back at the photos
  const compared = selection?.compared;
  if (event.altKey) {
    const by = {ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80]}[key];
    if (!by || !selection) return;
    stage.zoomed.pan(...by);
  } else if (event.shiftKey && key === "Enter") decided("mark", () => ({marks: selection.alone(decisionOf)}), texts.flags.pick);
  else if (event.shiftKey && compared && (key === "ArrowLeft" || key === "ArrowRight")) {
    look(() => selection.widen(key === "ArrowRight" ? 1 : -1))();
  } else if (key === "Tab" && compared && !event.shiftKey) look(() => selection.nextPane())();
  else if (keys[key]) keys[key]();
  else return;
  event.preventDefault();
});
/** What a pointer pressed gives the focus back, so that the next key is for the photos; before it opens a dialog. */
addEventListener("click", event => {
  const control = event.target.closest?.("#review :is(button, input), #comparing button");
  if (control && (event.detail || !control.matches(":focus-visible"))) control.blur();
}, true);

for (const name of ["filter", "order"]) {
  find(name).onchange = event => {
    shoot[name] = event.target.value;
    if (!event.target.matches(":focus-visible")) event.target.blur();
    relist();
    queued(() => show(list[0]?.id));
  };
}
find("actions").append(...Object.entries(texts.actions).map(([key, words]) => {
  const button = element("button", {type: "button", dataset: {key}}, words);
  button.onclick = () => keys[key]();
  return button;
}));
find("undo").onclick = () => takeBack("undo");
find("redo").onclick = () => takeBack("redo");
find("blind").onclick = () => keys.b();
find("teach").onclick = () => teaching.open();
find("export").onclick = () => keys.e();
find("help").onclick = () => keys["?"]();
addEventListener("focus", () => { if (shoot) queued(async () => { await shoot.refresh(); draw(); }); });
start().catch(fail);
