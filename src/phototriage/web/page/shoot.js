/** The folder as the page knows it: series, what is decided about them, and which of them are shown. */
import {get, post} from "./api.js";

const NOTHING = {flag: "", stars: 0, label: "", none_of_these: false, tied: false};

export class Shoot extends EventTarget {
  constructor(session) {
    super();
    this.folder = session.folder;
    this.ranker = session.ranker;
    this.leftOut = session.left_out;
    this.details = new Map();
    this.decisions = new Map(Object.entries(session.state.decisions));
    this.states = new Map(Object.entries(session.state.series));
    this.filter = "open";
    this.order = "folder";
    this.#take(session.series);
    this.#hear(session.state);
  }
  #take(series) {
    this.all = series;
    this.byId = new Map(series.map(each => [each.id, each]));
    this.details.clear();
  }
  #hear({revision, counts, undo, redo}) {
    Object.assign(this, {revision, counts, undo, redo});
  }
  decision(photo) { return this.decisions.get(photo) ?? NOTHING; }
  state(id) { return this.states.get(id) ?? "open"; }
  /** What is suggested for a photo of a series, by now: not what the person rejected, but the best of the others. */
  verdict(id, photo) {
    if (this.byId.get(id)?.suggested.includes(photo.id)) return "pick";
    return photo.verdict === "pick" ? "rest" : photo.verdict;
  }

  /** Those of the filter, in the order chosen; `keep` stays among them whatever it has become. */
  shown(keep) {
    const fits = {
      open: each => each.kind === "series" && this.state(each.id) === "open",
      all: each => each.kind !== "single",
      everything: () => true,
      decided: each => this.state(each.id) !== "open",
      sure: each => each.kind === "series" && each.certainty === "sure",
      close: each => each.kind === "series" && each.certainty === "close",
      kept: each => each.certainty === "kept" && each.kind !== "single",
      single: each => each.kind === "single",
    }[this.filter];
    const list = this.all.filter(each => each.id === keep || fits(each));
    const time = each => each.captured_at ?? "";
    const by = {
      time: (a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0),
      certain: (a, b) => b.confidence - a.confidence,
      doubtful: (a, b) => a.confidence - b.confidence,
    }[this.order];
    return by ? list.sort(by) : list;
  }
  /**
   * A series with its photos; asked for once. `next`: the ids of series that will be wanted soon, which the server
   * then prepares; none for a series that is only asked for ahead.
   */
  detail(id, next) {
    const known = this.details.has(id);
    if (!known || next) {
      const query = next ? next.map(each => `next=${encodeURIComponent(each)}`).join("&") : "ahead=no";
      const asked = get(`series/${id}?${query}`);
      if (known) { asked.catch(() => {}); return this.details.get(id); }
      asked.catch(() => this.details.delete(id));
      this.details.set(id, asked);
    }
    return this.details.get(id);
  }
  /** Sends a decision, and takes in what it changed. */
  async decide(path, body = {}) {
    this.change(await post(path, {since: this.revision, ...body}));
  }
  async refresh() {
    this.change(await get(`changes?since=${this.revision}`));
  }
  change(found) {
    for (const [photo, decision] of Object.entries(found.decisions)) {
      if (decision) this.decisions.set(photo, decision);
      else this.decisions.delete(photo);
    }
    for (const [id, state] of Object.entries(found.series)) this.states.set(id, state);
    if (found.regrouped) this.#take(found.regrouped);
    for (const [id, photos] of Object.entries(found.suggested)) this.byId.get(id).suggested = photos;
    this.#hear(found);
    this.dispatchEvent(new CustomEvent("change", {detail: found}));
  }
}
