/** Questions whose answers teach most, with nothing said of the photos, and how far the learning is. */
import {post} from "./api.js";
import {element} from "./element.js";
import {keyOf} from "./keyboard.js";
import {Stage} from "./stage.js";
import {texts} from "./texts.js";

const ASK_AGAIN = 1000; // ms, while the server learns
const MOST_IN_A_ROW = 4;

export class Teaching {
  /** dialog: where it asks. onEnd: called when the person goes back to the review. */
  constructor(dialog, shoot, onEnd) {
    this.dialog = dialog;
    this.shoot = shoot;
    this.busy = false;
    this.turn = 0;
    this.given = 0; // answers of this session that count
    this.leads = [];
    this.panes = element("div", {className: "panes"});
    this.title = element("h2", {tabIndex: -1, autofocus: true});
    [this.count, this.figure, this.moves] = ["soft", "figure", "soft"].map(className => element("p", {className}));
    this.figure.setAttribute("role", "status");
    this.actions = element("p", {className: "actions"});
    this.help = element("p", {className: "soft"}, texts.teachHelp);
    dialog.replaceChildren(this.title, this.count, this.panes, this.actions,
      element("div", {}, this.figure, this.moves), this.help);
    this.stage = new Stage(this.panes, () => {}, photo => {
      this.at = this.photos.findIndex(({id}) => id === photo);
      this.draw();
    });
    dialog.addEventListener("cancel", event => { event.preventDefault(); this.end(); });
    dialog.addEventListener("close", onEnd);
  }
  /** Begins, if the server teaches; whether it does. */
  async begin() {
    this.state = await post("teach", {});
    if (this.state.teaching) await this.open();
    return this.state.teaching;
  }
  async open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.#over(false);
    this.#buttons({
      pick: () => this.pick(this.at), tie: () => this.answer("tie"), none: () => this.answer("none"),
      skip: () => this.skip(), end: () => this.end(),
    }, texts.teachActions);
    await this.ask().catch(error => this.#fail(error));
  }
  #over(over) {
    this.over = over;
    this.dialog.classList.toggle("over", over);
  }
  #buttons(acts, words) {
    this.actions.replaceChildren(...Object.entries(acts).map(([name, act]) => {
      const button = element("button", {type: "button", dataset: {act: name}}, words[name]);
      button.onclick = () => { button.blur(); act(); };
      return button;
    }));
  }
  get photos() { return this.state.question?.photos ?? []; }

  /** What is to be shown now; asks again by itself while the server learns. */
  async ask(body = {}) {
    clearTimeout(this.again);
    this.turn += 1;
    const {turn} = this;
    const before = this.state.question?.id;
    const state = await post("teach", body);
    if (turn !== this.turn || this.over || !this.dialog.open) return; // asked again meanwhile, or ended
    this.state = state;
    const {question, learning, stage, gate} = this.state;
    if (question?.id !== before || this.at === undefined) {
      this.at = 0;
      this.stage.zoomed.reset();
    }
    if (gate?.lead != null && gate.lead !== this.leads.at(-1)) this.leads.push(gate.lead);
    this.draw();
    if (learning || stage === "preparing") {
      this.again = setTimeout(() => this.ask().catch(error => this.#fail(error)), ASK_AGAIN);
    }
  }
  draw() {
    const {stage, error, gate} = this.state;
    this.title.textContent = {preparing: texts.teachPreparing, asking: texts.teachTitle, over: error || texts.teachOver}[stage];
    this.count.textContent = texts.teachCount(this.state);
    this.figure.textContent = texts.teachFigure(gate);
    this.figure.classList.toggle("open", Boolean(gate?.open));
    this.moves.textContent = this.leads.length > 1 ? texts.teachMoves(this.leads) : "";
    const rows = Math.ceil(this.photos.length / MOST_IN_A_ROW);
    this.panes.style.setProperty("--columns", Math.ceil(this.photos.length / rows) || 1);
    this.stage.show(this.photos.map((photo, place) => ({...photo, name: String(place + 1)})),
      this.photos[this.at]?.id, () => ({flag: "", words: ""}));
  }
  pick(place) {
    const photo = this.photos[place]?.id;
    if (photo) this.answer("pick", {photo});
  }
  answer(answer, more = {}) {
    const {question} = this.state;
    if (!question) return;
    this.#once(async () => {
      await this.shoot.decide("teach/answer", {question: question.id, answer, ...more});
      this.given += 1;
    });
  }
  /** Takes an answer back; nothing that was decided before this session, which nobody would see here. */
  async #takeBack() {
    await this.shoot.decide("undo");
    this.given -= 1;
  }
  skip() { this.#once(() => {}, {skip: this.state.question?.id}); }
  /** Does one thing at a time, and then asks for what to show. */
  async #once(act, asking) {
    if (this.busy) return;
    this.busy = true;
    try {
      await act();
      await this.ask(asking);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.busy = false;
    }
  }
  #fail(error) { this.figure.textContent = error.message; }

  /** Says what was learned; from there the person goes on, or back to the review. */
  async end() {
    if (this.over) { this.dialog.close(); return; }
    this.#over(true);
    clearTimeout(this.again);
    this.title.textContent = texts.teachLearning;
    this.stage.show([], "", () => ({flag: "", words: ""}));
    this.count.textContent = this.moves.textContent = this.figure.textContent = "";
    this.#buttons({more: () => this.open(), review: () => this.dialog.close()}, {more: texts.teachMore, review: texts.teachReview});
    const {lines} = await post("teach/finish", {}).catch(error => ({lines: [error.message]}));
    if (!this.over) return;
    this.title.textContent = texts.teachEnd;
    this.figure.replaceChildren(...lines.flatMap(line => [line, element("br")]));
  }
  /** Whether a key meant something. */
  key(event) {
    const {ctrlKey, metaKey, altKey, shiftKey, repeat} = event;
    const key = keyOf(event);
    if ((ctrlKey || metaKey) && key === "z" && !shiftKey && !repeat) {
      if (!this.over && this.given) this.#once(() => this.#takeBack());
      return true;
    }
    if ((key === "Enter" || key === " ") && event.target.closest("button")) return false;
    if (this.over || ctrlKey || metaKey || altKey || shiftKey || repeat) return false;
    if (key >= "1" && key <= "9") this.pick(Number(key) - 1);
    else if (key === "Enter" || key === "p") this.pick(this.at);
    else if (key === "t") this.answer("tie");
    else if (key === "n") this.answer("none");
    else if (key === "s") this.skip();
    else if (key === "z" || key === " ") this.stage.zoomed.switchPixels();
    else if (key === "ArrowLeft" || key === "ArrowRight") {
      const count = this.photos.length;
      this.at = (this.at + (key === "ArrowLeft" ? count - 1 : 1)) % count;
      this.draw();
    } else return false;
    return true;
  }
}
