/** Two photos, sides by lot, nothing said about them: left, right or a tie. */
import {post} from "./api.js";
import {element} from "./element.js";
import {keyOf} from "./keyboard.js";
import {Stage} from "./stage.js";
import {texts} from "./texts.js";

export class Blind {
  constructor(dialog, shoot) {
    this.dialog = dialog;
    this.shoot = shoot;
    this.busy = false;
    const answers = {left: texts.left, tie: texts.tie, right: texts.right};
    const panes = element("div", {className: "panes"});
    this.help = element("p", {className: "soft"}, texts.blindHelp);
    this.help.setAttribute("role", "status");
    dialog.replaceChildren(
      element("h2", {tabIndex: -1, autofocus: true}, texts.blindTitle), panes,
      element("p", {className: "actions"}, ...Object.entries(answers).map(([answer, words]) => {
        const button = element("button", {type: "button"}, words);
        button.onclick = () => this.answer(answer);
        return button;
      })), this.help);
    const close = element("button", {type: "button"}, texts.close);  // where there is no Esc
    close.onclick = () => dialog.close();
    dialog.querySelector(".actions").append(close);
    this.stage = new Stage(panes, () => {}, () => {});
    dialog.addEventListener("close", () => panes.replaceChildren());
  }
  async open() {
    this.dialog.showModal();
    await this.draw();
  }
  async draw() {
    this.drawn = await post("blind/draw", {});
    this.stage.zoomed.reset();
    if (!this.drawn.pair) {
      this.stage.show([], "", () => ({flag: "", words: ""}));
      this.help.textContent = texts.blindOver;
      return;
    }
    const {photos} = await this.shoot.detail(this.drawn.series);
    const named = [["left", texts.left], ["right", texts.right]].map(([side, name]) => {
      const {id, width, height} = photos.find(photo => photo.id === this.drawn[side]);
      return {id, width, height, name};
    });
    this.stage.show(named, "", () => ({flag: "", words: ""}));
  }
  async answer(better) {
    if (this.busy || !this.drawn?.pair) return;
    this.busy = true;
    try {
      await this.shoot.decide("blind", {pair: this.drawn.pair, better});
      await this.draw();
    } finally {
      this.busy = false;
    }
  }
  /** Whether a key meant something. */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return false;
    const key = keyOf(event);
    const answer = {ArrowLeft: "left", ArrowRight: "right", ArrowDown: "tie", t: "tie"}[key];
    if (answer) this.answer(answer);
    else if (key === "z" || key === " ") this.stage.zoomed.switchPixels();
    else return false;
    return true;
  }
}
