/**
 * Every word of the page, for people who translate it.
 *
 * What the server sends in words of its own is shown as it comes: the reasons of the ranking, notes of the
 * measuring, and what is wrong with a file.
 */
export const texts = {
  measuringTitle: "Measuring your photos",
  measured: (done, total) => `${number(done)} of ${number(total)} photos`,
  looking: "Looking for photos …",
  failed: "This folder cannot be reviewed: ",
  lost: "The program behind this page does not answer. Start `phototriage review` again; what you decided is kept.",
  notUnderstood: status => `The program behind this page failed (status ${status}); the terminal in which it runs may say why. ` +
    "What you decided is kept.",
  show: "Show",
  order: "Order",
  advance: "go on after each decision",
  blind: "Blind A/B",
  teach: "Teach",
  export: "Export…",
  theme: "Light / dark",
  help: "Keys and help",
  seriesList: "Series",
  aboutPhoto: "About this photo",
  filmstrip: "Photos of this series",
  keys: "Keys",
  close: "Close",
  undo: event => (event ? `Undo: ${eventWords(event)}` : "Nothing to undo"),
  redo: event => (event ? `Redo: ${eventWords(event)}` : "Nothing to redo"),
  events: {
    none: count => `none of ${count}`, tie: count => `can't tell ${count}`, blind: () => "blind comparison",
    merge: () => "merge", split: () => "split",
  },
  verbs: {pick: "pick", reject: "reject", "": "clear"},
  noLabel: "no label",
  errors: {
    measuring: "The photos are still being measured.",
    nothing_to_undo: "There is nothing to undo.",
    nothing_to_redo: "There is nothing to redo.",
    folder_gone: "The folder of these photos is not there: connect its drive, or move it back. What you decide is kept.",
    series_gone: "This series was merged or split.",
    pair_gone: "This pair was answered already.",
    question_gone: "This question was answered already.",
    nothing_suggested: "Nothing is suggested here: every photo is kept or rejected.",
    nothing_to_split: "A series of one photo cannot be split, nor can all of its photos leave a series.",
  },
  faults: {blurred: "blurred", "too dark": "too dark", "too bright": "too bright"},
  faultsOf: faults => faults.map(fault => texts.faults[fault]).join(", "),
  filters: {
    open: "still to decide",
    all: "all series",
    everything: "series and single photos",
    decided: "decided",
    sure: "pick stands out",
    close: "too close to call",
    kept: "kept whole",
    single: "single photos",
  },
  orders: {folder: "as in the folder", time: "by time", certain: "most certain first", doubtful: "most doubtful first"},
  counts: ({open, series, picked, rejected, not_picked_bytes: bytes}) =>
    `${number(open)} of ${number(series)} series to decide · ${number(picked)} picked, ${number(rejected)} rejected` +
    (bytes ? ` · photos not picked: ${size(bytes)}` : ""),
  states: {open: "to decide", decided: "decided", none: "none of these", tied: "can't tell"},
  kinds: {
    series: "series", single: "single photo", "exposure bracket": "exposure bracket", "focus stack": "focus stack",
    panorama: "panorama",
  },
  certainties: {sure: "pick stands out", close: "too close to call", kept: "kept whole"},
  photoOf: (place, count) => `photo ${place} of ${count}`,
  seriesOf: (place, count) => `series ${number(place)} of ${number(count)}`,
  nothingHere: "No series fits. Choose another one under “Show”.",
  allDecided: "Nothing is left to decide here. Export what you decided, or show all series.",
  verdicts: {pick: "suggested pick", close: "too close to call", rest: "not suggested", kept: "kept whole"},
  alternative: "alternative",
  best: chance => `${Math.round(100 * chance)}% likely the best of its series`,
  flags: {pick: "picked", reject: "rejected"},
  labels: {red: "red", yellow: "yellow", green: "green", blue: "blue"},
  stars: count => `${count} ${count === 1 ? "star" : "stars"}`,
  cleared: "cleared",
  noneOfThese: "none of these",
  tied: "can't tell",
  accepted: "accepted",
  split: "split",
  merged: "merged with the series before",
  nothingToMerge: "there is no series before this one",
  chosen: "chosen",
  pixels: (width, height) => `${width} × ${height} pixels`,
  megapixels: (width, height) => `${((width * height) / 1e6).toFixed(1)} MP`,
  histogram: "Histogram: brightness and the three colors, dark on the left",
  noPicture: "This photo cannot be shown: ",
  loading: "loading …",
  exportTitle: "Write what you decided",
  exportWhat: {
    sidecars: "XMP sidecars beside the photos, as Lightroom, darktable, digiKam and Capture One read them",
    copies: "Copies of the picks in a folder of their own",
    links: "Links to the picks in a folder of their own",
  },
  schemes: {stars: "stars", pick: "pick flags", labels: "color labels"},
  names: {adobe: "IMG_1.xmp (Adobe, Capture One)", darktable: "IMG_1.jpg.xmp (darktable, digiKam)"},
  markRejects: "mark photos that were not chosen as rejected",
  overwrite: "replace ratings that somebody gave elsewhere",
  dryRun: "Show what would be written",
  write: "Write",
  takeBack: "Take back the last sidecars",
  wouldWrite: (count, into) => `${number(count)} files would be written${into ? ` into ${into}` : ""}`,
  wrote: (count, into) => `${number(count)} files written${into ? ` into ${into}` : ""}`,
  gone: photos => `${number(photos.length)} moved or deleted since they were measured, and so left out: ` +
    `${photos.slice(0, 3).join(", ")}${photos.length > 3 ? " …" : ""}`,
  exportActions: {
    create: "create", update: "update", remove: "remove", "leave alone": "leave alone", restore: "restore",
    "take our marks back": "take our marks back", copy: "copy", hardlink: "link", "no longer": "is there, no pick now",
  },
  notWritten: count => `${number(count)} could not be written:`,
  downloads: "Download",
  tables: {"ranking.csv": "CSV", "ranking.json": "JSON", "comparisons.csv": "comparisons that `phototriage train` reads"},
  blindTitle: "Which one is better?",
  blindHelp: "← left · → right · ↓ can't tell · Z 1:1 · Esc ends. Sides are drawn by lot, and no score is shown.",
  blindOver: "No pair is left to compare.",
  teachTitle: "Which one would you keep?",
  teachHelp: "1 2 3 … or ← → and Enter keep a photo · T can't tell · N none · S skip · Z 1:1 · Ctrl + Z undo · Esc ends. " +
    "The photos stand in random order, and nothing is suggested.",
  teachPreparing: "Looking for the series from which it would learn most …",
  teachOver: "No series is left to ask about.",
  teachCount: ({answered, left, learning}) => `${number(answered)} answered · ${number(left)} left to ask` +
    (learning ? " · learning …" : ""),
  teachActions: {pick: "Keep this one (Enter)", tie: "Can't tell (T)", none: "None (N)", skip: "Skip (S)", end: "End (Esc)"},
  teachMore: "Go on teaching",
  teachReview: "Review the folder",
  teachEnd: "What it learned",
  teachLearning: "Learning from what you decided …",
  teachFigure: gate => {
    if (!gate) return "Every fourth question only judges what was learned.";
    if (gate.default === null) {
      return `Too few to judge: ${number(gate.series)} of the ${gate.needed} series that it takes; every fourth question adds one.`;
    }
    const [own, before, lead, low, high] = ["personal", "default", "lead", "low", "high"]
      .map(name => Math.round(100 * gate[name]));
    const figures = `On ${number(gate.series)} of your series that it had not seen, the default ranker agrees with you in ` +
      `${before} %, yours in ${own} % (${signed(lead)}, ${low} to ${high})`;
    if (gate.open) return `${figures}: better beyond doubt.`;
    return `${figures}: not better beyond doubt yet${gate.more ? `; about ${number(gate.more)} more choices would show it` : ""}.`;
  },
  teachMoves: leads => `So far: ${leads.map(lead => signed(Math.round(100 * lead))).join(" → ")}`,
  facesTitle: (people, photos) => `${number(people)} ${people === 1 ? "person" : "people"} in ${number(photos)} photos`,
  facesHelp: "Arrows go from face to face. Enter or a click keeps the face in the middle while you compare. F or Esc closes.",
  noFaces: "No face was found in this series.",
  noFaceHere: "No face was found in this photo.",
  facesNotSought: "This series was not searched for faces: start `phototriage review` with `--faces on`.",
  person: number => `Person ${number}`,
  eyes: {open: "open", closed: "closed", unclear: "unclear"},
  eyesAre: state => `eyes ${state}`,
  faceSofter: "softer",
  faceMissing: "not found",
  noFacePicture: "cannot be shown",
  lockedOn: person => `locked on person ${person}`,
  notLocked: "not locked on a face",
  lockedElsewhere: person => `locked on person ${person}, not found here`,
  actions: {
    p: "Pick (P)", x: "Reject (X)", u: "Clear (U)", Enter: "Accept (Enter)", n: "None (N)", t: "Can't tell (T)",
    c: "Compare (C)", ArrowUp: "Previous (↑)", ArrowDown: "Next (↓)",
  },
  left: "Left",
  right: "Right",
  tie: "Can't tell",
  leftOut: count => `${number(count)} ${count === 1 ? "photo" : "photos"} could not be read`,
  keyTable: [
    ["← →", "photo before, after"],
    ["↑ ↓", "series before, after"],
    ["P  X  U", "pick, reject, clear the flag"],
    ["0 … 5", "stars"],
    ["6 7 8 9", "red, yellow, green, blue; again takes it off"],
    ["Enter", "accept what is suggested, and go on"],
    ["Shift + Enter", "pick only this photo, and go on"],
    ["N", "none of these, and go on"],
    ["T", "can't tell these apart, and go on"],
    ["C", "compare with the pick; again ends it"],
    ["Shift + ← →", "while comparing: fewer, more photos (up to 4)"],
    ["Tab", "while comparing: the next photo"],
    ["Z, Space", "1:1 or the whole photo, as a double click"],
    ["+ −", "zoom, as the wheel or two fingers"],
    ["Alt + arrows", "move a zoomed photo, as dragging"],
    ["F", "the faces of this series, side by side"],
    ["L", "lock the zoom on a face; again: on the next one, then on none"],
    ["V", "choose this photo, for splitting or “can't tell”"],
    ["S", "make the chosen photos, or this one, a series of their own"],
    ["M", "merge with the series, or photo, before it in the folder"],
    ["Ctrl + Z", "undo, through the whole history"],
    ["Shift + Ctrl + Z", "redo"],
    ["B", "blind A/B"],
    ["E", "export"],
    ["?", "this help"],
  ],
};

/** What an event of the history did, in a few words. */
function eventWords({kind, photos, flag, stars, label}) {
  if (kind !== "mark") return texts.events[kind](photos.length);
  const said = flag !== undefined ? texts.verbs[flag] : stars !== undefined ? texts.stars(stars)
    : label ? texts.labels[label] : texts.noLabel;
  return `${said} ${photos.join(", ")}`;
}

const signed = value => (value < 0 ? `−${-value}` : `+${value}`);

export const number = value => value.toLocaleString("en");

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  while (bytes >= 1000 && step < units.length - 1) { bytes /= 1000; step += 1; }
  return `${bytes.toLocaleString("en", {maximumSignificantDigits: 3})} ${units[step]}`;
}
