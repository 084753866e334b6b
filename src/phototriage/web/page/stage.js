/** The large view: one photo, or up to four side by side. */
import {picture} from "./api.js";
import {element} from "./element.js";
import {zoomedPanes} from "./panes.js";
import {load} from "./pictures.js";
import {texts} from "./texts.js";

const SIZES = ["preview", "large", "full"];
const SWIPE = 50;  // CSS pixels
const AGAIN = 2000;  // ms after which the photos of a drive that was taken away are asked for again

/** The pixels of a photo's file as it is shown, upright, where a smaller picture of it stands in its place. */
function fileSize({width, height}, {naturalWidth, naturalHeight}) {
  if (!width) return {};
  const turned = (width > height) !== (naturalWidth > naturalHeight);
  return turned ? {width: height, height: width} : {width, height};
}

export class Stage {
  /**
   * container: where the panes stand. onZoom: gets the zoom in words. onPoint: the photo that was clicked.
   * onSwipe: gets 1 where a finger wiped the photo that is shown whole to the left, for the next one, else -1.
   */
  constructor(container, onZoom, onPoint, onSwipe = () => {}) {
    this.container = container;
    this.panes = new Map();
    this.zoomed = zoomedPanes(container, text => {
      container.classList.toggle("zoomed", this.zoomed?.zoomed ?? false);
      onZoom(text);
      this.#sharpen();
    });
    this.#watchSwipes(onSwipe);
    container.addEventListener("pointerdown", event => {
      const pane = event.target.closest(".pane");
      if (pane) onPoint(pane.dataset.photo);
    });
  }
  #watchSwipes(onSwipe) {
    let from = null;
    this.container.addEventListener("pointerdown", event => {
      from = event.isPrimary && event.pointerType === "touch" && !this.zoomed.zoomed ? event : null;
    });
    this.container.addEventListener("pointerup", event => {
      if (!from || event.pointerId !== from.pointerId) return;
      const [x, y] = [event.clientX - from.clientX, event.clientY - from.clientY];
      from = null;
      if (Math.abs(x) >= SWIPE && Math.abs(x) > 2 * Math.abs(y)) onSwipe(x < 0 ? 1 : -1);
    });
  }
  /** photos: those shown. active: the id of the one that keys decide about. marks: per id, words of its state. */
  show(photos, active, marks) {
    const kept = new Map();
    const shown = photos.map(photo => {
      const pane = this.panes.get(photo.id) ?? this.#paneOf(photo);
      kept.set(photo.id, pane);
      const single = photos.length === 1;
      pane.root.classList.toggle("active", !single && photo.id === active);
      pane.root.dataset.flag = marks(photo.id).flag;
      pane.image.alt = photo.name;
      const why = single ? [] : (photo.reasons ?? []).map(reason => reason.phrase);
      pane.about.replaceChildren(element("bdi", {}, photo.name), ` ${marks(photo.id).words}`,
        ...(why.length ? [element("span", {className: "soft"}, ` ${why.join(", ")}`)] : []));
      return pane.root;
    });
    const now = [...this.container.children];
    if (now.length !== shown.length || now.some((pane, index) => pane !== shown[index])) {
      this.container.replaceChildren(...shown);
    }
    this.container.dataset.count = photos.length;
    this.panes = kept;
    this.#sharpen();
    this.zoomed.draw();
  }
  /** Whether there are photos, and each of them is seen. */
  get complete() {
    const panes = [...this.panes.values()];
    return panes.length > 0 && panes.every(pane => pane.shown >= 0);
  }
  #imageOf(photo) {
    return element("img", {alt: photo.name, draggable: false, dataset: {photo: photo.id}});
  }
  #paneOf(photo) {
    const image = this.#imageOf(photo);
    const note = element("p", {className: "loading soft"}, texts.loading);
    const about = element("figcaption", {className: "about"});
    const root = element("figure", {className: "pane"}, element("div", {className: "view"}, image, note), about);
    root.dataset.photo = photo.id;
    const pane = {photo, root, image, note, about, asked: -1, shown: -1, away: false};
    this.#load(pane, "preview");
    return pane;
  }
  /** Loads a sharper rendition beside the one that is shown, which it replaces when it is there. */
  async #load(pane, size) {
    const sharpness = SIZES.indexOf(size);
    if (sharpness <= pane.asked) return;
    pane.asked = sharpness;
    const next = this.#imageOf(pane.photo);
    const loaded = await load(next, picture(pane.photo.id, size), {urgent: true});
    if (this.panes.get(pane.photo.id) !== pane) return;
    if (!loaded) {
      const {error = "", code} = await fetch(next.src).then(response => response.json())
        .catch(reason => ({error: reason instanceof SyntaxError ? "" : texts.lost}));
      if (sharpness <= pane.shown) return;
      pane.note.textContent = texts.errors[code] ?? texts.noPicture + error;
      pane.note.hidden = false;
      pane.away = code === "folder_gone";
      if (pane.away) setTimeout(() => this.#again(pane, size), AGAIN);
      return;
    }
    await next.decode().catch(() => {});
    if (sharpness <= pane.shown || this.panes.get(pane.photo.id) !== pane) return;
    pane.shown = sharpness;
    pane.note.hidden = true;
    Object.assign(next.dataset, {rendition: size, ...(size === "full" ? {} : fileSize(pane.photo, next))});
    next.alt = pane.image.alt;
    // In place of the image before, not as its source: a picture is decoded once for each image that shows it.
    pane.image.replaceWith(next);
    pane.image = next;
    this.zoomed.arrived(pane.photo.id, pane.image);
    if (pane.away) pane.root.dispatchEvent(new CustomEvent("back", {bubbles: true}));
    pane.away = false;
    pane.root.dispatchEvent(new CustomEvent("arrived", {bubbles: true, detail: size}));
    this.#load(pane, this.zoomed.zoomed ? "full" : "large");
  }
  /** Asks once more for what could not be shown while its folder was away. */
  #again(pane, size) {
    if (this.panes.get(pane.photo.id) !== pane) return;
    pane.asked = pane.shown;
    this.#load(pane, size);
  }
  /** Pixels are shown from the file itself. */
  #sharpen() {
    if (!this.zoomed?.zoomed) return;
    for (const pane of this.panes.values()) this.#load(pane, "full");
  }
}
