/** The faces of a series side by side, and the lock of the large view on one of them. */
import {picture} from "./api.js";
import {element} from "./element.js";
import {keyOf} from "./keyboard.js";
import {load} from "./pictures.js";
import {texts} from "./texts.js";

const EYES = {open: "●", closed: "—", unclear: "○"};
const MOVES = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};

export class Faces {
  /** dialog: where faces are shown. zoomed: what moves the large view. onChosen: gets the ids of a person and a photo. */
  constructor(dialog, zoomed, onChosen) {
    this.dialog = dialog;
    this.zoomed = zoomed;
    this.onChosen = onChosen;
    this.locked = null;  // {series, person}
    this.unlocked = null;  // {photo, words}: why it was asked for and is not locked
    dialog.addEventListener("keydown", event => this.#key(event));
    dialog.addEventListener("close", () => dialog.replaceChildren());
  }

  /**
   * Shows the faces of a series, a row per person and a column per photo, the best first. current: the id of a photo.
   * isPicked: whether the person picked a photo, by its id. verdictOf: of a photo.
   */
  open(series, current, isPicked, verdictOf) {
    const {photos} = series;
    const people = peopleOf(photos);
    const close = element("form", {method: "dialog"}, element("button", {}, texts.close));
    const title = people.length ? texts.facesTitle(people.length, photos.length)
      : photos.some(photo => photo.faces) ? texts.noFaces : texts.facesNotSought;
    this.dialog.replaceChildren(element("h2", {tabIndex: -1}, title));
    if (people.length) {
      const table = element("table", {className: "faces"},
        element("thead", {}, element("tr", {}, element("td"), ...photos.map(photo => heading(photo, isPicked(photo.id), verdictOf(photo))))),
        element("tbody", {}, ...people.map(person => this.#row(person, photos))));
      this.dialog.append(element("p", {className: "soft"}, texts.facesHelp), element("div", {className: "scrolled"}, table));
      for (const photo of photos) if (photo.faces?.length) this.#fill(photo);
    }
    this.dialog.append(close);
    this.dialog.showModal();
    const cells = [...this.dialog.querySelectorAll("button.face")];
    (cells.find(cell => cell.dataset.photo === current) ?? cells[0])?.focus();
  }
  #row(person, photos) {
    const cells = photos.map(photo => {
      const face = photo.faces?.find(each => each.person === person);
      if (!face) return element("td", {}, element("span", {className: "face none soft"}, texts.faceMissing));
      const eyes = texts.eyes[face.eyes];
      const softer = face.softer ? [element("span", {className: "unsure"}, `, ${texts.faceSofter}`)] : [];
      const button = element("button", {type: "button", className: `face ${face.eyes}`, dataset: {photo: photo.id, person}},
        element("canvas", {width: 0, height: 0}),
        element("span", {className: "marks"}, element("span", {className: `eyes ${face.eyes}`}, EYES[face.eyes]), ` ${eyes}`, ...softer));
      const words = [texts.person(person), photo.name, texts.eyesAre(eyes), face.softer && texts.faceSofter];
      button.setAttribute("aria-label", words.filter(Boolean).join(", "));
      button.onclick = () => { this.dialog.close(); this.onChosen(person, photo.id); };
      return element("td", {}, button);
    });
    return element("tr", {}, element("th", {scope: "row"}, texts.person(person)), ...cells);
  }
  /** Cuts the picture of a photo's faces into its cells. */
  async #fill(photo) {
    const image = new Image();
    const buttons = [...this.dialog.querySelectorAll("button.face")].filter(each => each.dataset.photo === photo.id);
    if (!await load(image, picture(photo.id, "faces"), {urgent: true})) {
      for (const button of buttons) {
        button.querySelector("canvas").replaceWith(element("span", {className: "failed soft"}, texts.noFacePicture));
      }
      return;
    }
    const side = image.naturalWidth;
    for (const button of buttons) {
      const place = photo.faces.findIndex(each => each.person === Number(button.dataset.person));
      const canvas = button.querySelector("canvas");
      canvas.width = canvas.height = side;
      canvas.getContext("2d").drawImage(image, 0, place * side, side, side, 0, 0, side, side);
    }
  }
  #key(event) {
    const move = MOVES[event.key];
    const cell = event.target.closest("td");
    if (keyOf(event) === "f") { if (!event.repeat) this.dialog.close(); }
    else if (move && cell) {
      const rows = [...cell.closest("tbody").rows];
      let [row, column] = [rows.indexOf(cell.parentElement), cell.cellIndex];
      let next;
      do {
        row += move[0];
        column += move[1];
        next = rows[row]?.cells[column];
      } while (next && !next.querySelector("button"));  // what was not found is stepped over
      next?.querySelector("button")?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();  // the page would open them again
  }

  /** Keeps a person's face in the middle of every pane; without a person, lets go of it. */
  lock(series, person) {
    this.locked = person ? {series, person} : null;
    this.unlocked = null;
    this.zoomed.lockOn(this.locked && (image => placeOf(series.photos, person, image.closest(".pane").dataset.photo)));
  }
  /** On the next person of a photo, main people first; after the last one on nobody. */
  lockNext(series, photo) {
    const people = peopleOf([photo]);
    const person = people[this.locked ? people.indexOf(this.locked.person) + 1 : 0];
    this.lock(series, person);
    if (person) return;
    const words = people.length ? texts.notLocked : photo.faces ? texts.noFaceHere : texts.facesNotSought;
    this.unlocked = {photo: photo.id, words};
  }
  /** Whom the large view keeps in the middle, in words, or why nobody although it was asked for; else empty. */
  words(photo) {
    if (!this.locked) return this.unlocked?.photo === photo?.id ? this.unlocked?.words ?? "" : "";
    const {person} = this.locked;
    const found = photo?.faces?.some(each => each.person === person);
    return found ? texts.lockedOn(person) : texts.lockedElsewhere(person);
  }
}

/** Where a person is in a photo of a series; where it was not found, about where it is in the others. */
function placeOf(photos, person, id) {
  const faceIn = photo => photo.faces?.find(each => each.person === person);
  const photo = photos.find(each => each.id === id);
  const own = photo && faceIn(photo);
  if (!photo || own) return own;
  const others = photos.map(faceIn).filter(Boolean);
  const mean = name => others.reduce((sum, face) => sum + face[name], 0) / others.length;
  return {x: mean("x"), y: mean("y"), height: mean("height")};
}

/** The numbers of the people in photos, main people first. */
function peopleOf(photos) {
  return [...new Set(photos.flatMap(photo => (photo.faces ?? []).map(face => face.person)))].sort((a, b) => a - b);
}
function heading(photo, picked, verdict) {
  const words = picked ? texts.flags.pick : verdict === "pick" ? texts.verdicts.pick : "";
  return element("th", {scope: "col", className: verdict}, element("bdi", {}, photo.name.split("/").at(-1)),
    ...(words ? [element("span", {className: "verdict"}, ` ${words}`)] : []));
}
