/** The photos of the series that is open, small, in a row. */
import {marksOf} from "./about.js";
import {picture} from "./api.js";
import {element} from "./element.js";
import {load} from "./pictures.js";
import {texts} from "./texts.js";

export class Filmstrip {
  /** container: where it stands. open: gets the place of the photo that was clicked, and the click. */
  constructor(container, open) {
    this.container = container;
    this.open = open;
    this.series = null;
  }
  clear() {
    this.series = null;
    this.container.replaceChildren();
  }
  /**
   * series: that is open. at: the place of the photo that is. chosen: ids. decisionOf: of a photo, by its id.
   * verdictOf: of a photo.
   */
  show(series, at, chosen, decisionOf, verdictOf) {
    if (this.series !== series) {
      this.series = series;
      this.container.replaceChildren(...series.photos.map((photo, place) => this.#buttonOf(photo, place)));
    }
    series.photos.forEach((photo, place) => {
      const button = this.container.children[place];
      const decision = decisionOf(photo.id);
      const {flag, words} = marksOf(decision);
      const isChosen = chosen.has(photo.id);
      const verdict = verdictOf(photo);
      button.className = [flag, isChosen ? "chosen" : ""].join(" ");
      Object.assign(button.dataset, {verdict, label: decision.label});
      button.querySelector(".mark").textContent = words;
      button.tabIndex = place === at ? 0 : -1;
      button.setAttribute("aria-current", place === at);
      button.setAttribute("aria-label",
        [photo.name, texts.verdicts[verdict], words, isChosen ? texts.chosen : ""].filter(Boolean).join(", "));
    });
    const current = this.container.children[at];
    current.scrollIntoView({block: "nearest", inline: "nearest"});
    if (this.container.contains(document.activeElement)) current.focus({preventScroll: true});
  }
  /** Asks again for what could not be loaded. */
  mend() {
    for (const image of this.container.querySelectorAll("img")) {
      if (image.complete && !image.naturalWidth) load(image, picture(image.dataset.photo, "thumbnail"));
    }
  }
  #buttonOf(photo, place) {
    const image = element("img", {alt: "", draggable: false, dataset: {photo: photo.id}});
    load(image, picture(photo.id, "thumbnail"));
    const button = element("button", {type: "button", dataset: {photo: photo.id}}, image,
      element("span", {className: "mark"}));
    button.onclick = event => this.open(place, event);
    return button;
  }
}
