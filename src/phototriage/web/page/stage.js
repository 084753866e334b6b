/** The large view: one photo, or up to four side by side. */
import {picture} from "./api.js";
import {element} from "./element.js";
import {zoomedPanes} from "./panes.js";
import {load} from "./pictures.js";
import {texts} from "./texts.js";

const SIZES = ["preview", "large", "full"];

export class Stage {
  /** container: where the panes stand. onZoom: gets the zoom in words. onPoint: the photo that was clicked. */
  constructor(container, onZoom, onPoint) {
    this.container = container;
    this.panes = new Map();
    this.zoomed = zoomedPanes(container, text => { onZoom(text); this.#sharpen(); });
    container.addEventListener("pointerdown", event => {
      const pane = event.target.closest(".pane");
      if (pane) onPoint(pane.dataset.photo);
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
  #paneOf(photo) {
    const image = element("img", {alt: photo.name, draggable: false});
    if (photo.width) Object.assign(image.dataset, {width: photo.width, height: photo.height});
    const note = element("p", {className: "loading soft"}, texts.loading);
    const about = element("figcaption", {className: "about"});
    const root = element("figure", {className: "pane"}, element("div", {className: "view"}, image, note), about);
    root.dataset.photo = photo.id;
    const pane = {photo, root, image, note, about, asked: -1, shown: -1};
    this.#load(pane, "preview");
    return pane;
  }
  /** Loads a sharper rendition beside the one that is shown, which it replaces when it is there. */
  async #load(pane, size) {
    const sharpness = SIZES.indexOf(size);
    if (sharpness <= pane.asked) return;
    pane.asked = sharpness;
    const next = new Image();
    next.dataset.photo = pane.photo.id;
    const loaded = await load(next, picture(pane.photo.id, size), {urgent: true});
    if (this.panes.get(pane.photo.id) !== pane) return;
    if (!loaded) {
      const answer = await fetch(next.src).then(response => response.json()).catch(() => ({}));
      pane.note.textContent = texts.noPicture + (answer.error ?? "");
      pane.note.hidden = false;
      return;
    }
    await next.decode().catch(() => {});
    if (sharpness <= pane.shown) return;
    pane.shown = sharpness;
    pane.note.hidden = true;
    pane.image.src = next.src;
    if (size === "full") Object.assign(pane.image.dataset, {width: next.naturalWidth, height: next.naturalHeight});
    pane.image.dataset.rendition = size;
    await pane.image.decode().catch(() => {});
    this.zoomed.arrived(pane.photo.id, pane.image);
    pane.root.dispatchEvent(new CustomEvent("arrived", {bubbles: true, detail: size}));
    this.#load(pane, this.zoomed.zoomed ? "full" : "large");
  }
  /** Pixels are shown from the file itself. */
  #sharpen() {
    if (!this.zoomed?.zoomed) return;
    for (const pane of this.panes.values()) this.#load(pane, "full");
  }
  imageOf(id) { return this.panes.get(id)?.image; }
}

/** Draws how often each level occurs in a picture: brightness filled, colors as lines; on a square root scale. */
export function drawHistogram(canvas, image) {
  const small = new OffscreenCanvas(256, Math.max(1, Math.round(256 * image.naturalHeight / image.naturalWidth)));
  const from = small.getContext("2d", {willReadFrequently: true});
  from.drawImage(image, 0, 0, small.width, small.height);
  const {data} = from.getImageData(0, 0, small.width, small.height);
  const counts = [0, 1, 2, 3].map(() => new Uint32Array(256));
  for (let place = 0; place < data.length; place += 4) {
    for (let channel = 0; channel < 3; channel += 1) counts[channel][data[place + channel]] += 1;
    counts[3][(data[place] * 77 + data[place + 1] * 150 + data[place + 2] * 29) >> 8] += 1;
  }
  const to = canvas.getContext("2d");
  const {width, height} = canvas;
  const most = Math.sqrt(Math.max(...counts[3].subarray(2, 254), 1));
  const tall = count => height * Math.min(1, Math.sqrt(count) / most);
  to.clearRect(0, 0, width, height);
  to.fillStyle = "#8888";
  counts[3].forEach((count, level) => to.fillRect(level * width / 256, height - tall(count), width / 256, tall(count)));
  ["#e04040", "#30a040", "#4060f0"].forEach((color, channel) => {
    to.strokeStyle = color;
    to.beginPath();
    counts[channel].forEach((count, level) => to.lineTo((level + 0.5) * width / 256, height - tall(count)));
    to.stroke();
  });
}
