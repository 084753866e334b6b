/** The list of the series that are shown. */
import {element} from "./element.js";
import {texts} from "./texts.js";

export class SeriesList {
  /** container: where the list stands. open: called with the id of the series that was clicked. */
  constructor(container, open) {
    this.container = container;
    this.buttons = new Map();
    container.addEventListener("click", event => {
      const button = event.target.closest("button");
      if (!button) return;
      button.blur();
      open(button.dataset.id);
    });
  }
  /** series: those to list, in order. stateOf: id → how far a series is decided. */
  show(series, stateOf) {
    this.buttons = new Map(series.map(each => [each.id, this.#buttonOf(each)]));
    this.container.replaceChildren(...this.buttons.values());
    for (const {id} of series) this.mark(id, stateOf(id));
  }
  mark(id, state) {
    const button = this.buttons.get(id);
    if (!button) return;
    button.dataset.state = state;
    button.title = texts.states[state];
  }
  /** The series that is open. */
  current(id) {
    this.container.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const button = this.buttons.get(id);
    button?.setAttribute("aria-current", "true");
    button?.scrollIntoView({block: "nearest"});
  }
  #buttonOf({id, name, photos, faults}) {
    return element("button", {type: "button", dataset: {id}}, element("bdi", {}, name),
      ...(photos.length > 1 ? [element("span", {className: "soft"}, ` ${photos.length}`)] : []),
      ...(faults.length ? [element("span", {className: "unsure"}, ` ${texts.faultsOf(faults)}`)] : []));
  }
}
