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
    this.drawn = null;  // the pair that waits for an answer
    this.turn = 0;
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
    dialog.addEventListener("close", () => { if (!dialog.open) this.#clear(); });  // it may be open again by then
  }
  open() {
    this.dialog.showModal();
    this.#clear();
    return this.#draw(this.turn);
  }
  /** Forgets the pair; what was asked before counts no more. */
  #clear() {
    this.turn += 1;
    this.#show(null, []);
  }
  #show(drawn, photos) {
    this.drawn = drawn;
    this.stage.zoomed.reset();
    this.stage.show(photos, "", () => ({flag: "", words: ""}));
    this.#say(texts.blindHelp);
  }
  #say(words, kind = "soft") {
    this.help.textContent = words;
    this.help.className = kind;
  }
  /** Shows the next pair, unless the dialog was closed since the turn. */
  async #draw(turn) {
    try {
      const drawn = await post("blind/draw", {});
      const photos = drawn.pair ? (await this.shoot.detail(drawn.series)).photos : [];
      if (turn !== this.turn) return;
      this.#show(drawn.pair && drawn, [["left", texts.left], ["right", texts.right]].flatMap(([side, name]) =>
        photos.filter(({id}) => id === drawn[side]).map(({id, width, height}) => ({id, width, height, name}))));
      if (!drawn.pair) this.#say(texts.blindOver);
    } catch (error) {
      if (turn === this.turn) this.#say(error.message, "unsure");
    }
  }
  /** Only about photos that are seen, and once. */
  async answer(better) {
    const {drawn, turn} = this;
    if (!drawn || !this.stage.complete) return;
    this.drawn = null;
    try {
      await this.shoot.decide("blind", {pair: drawn.pair, better});
    } catch (error) {
      if (turn !== this.turn) return;
      this.drawn = drawn;
      this.#say(error.message, "unsure");
      return;
    }
    await this.#draw(turn);
  }
  /** Whether a key meant something. */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return false;
    const key = keyOf(event);
    if ((key === "Enter" || key === " ") && event.target.closest("button")) return false;
    const answer = {ArrowLeft: "left", ArrowRight: "right", ArrowDown: "tie", t: "tie"}[key];
    if (answer) this.answer(answer);
    else if (key === "z" || key === " ") this.stage.zoomed.switchPixels();
    else return false;
    return true;
  }
}
