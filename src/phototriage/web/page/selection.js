/** The photos of the open series that keys speak of: the current one, those compared, those chosen. */

const MOST_COMPARED = 4;

export class Selection {
  constructor(series) {
    this.series = series;
    this.at = 0;             // place of the photo that keys decide about
    this.compared = null;    // ids side by side; null while one photo is shown
    this.chosen = new Set(); // ids chosen for splitting or ties
  }
  get photos() { return this.series.photos; }
  get ids() { return this.photos.map(photo => photo.id); }
  get current() { return this.photos[this.at]; }
  /** The photos in the large view. */
  get shown() {
    return this.compared ? this.compared.map(id => this.photos.find(each => each.id === id)) : [this.current];
  }
  get isLast() { return this.at + 1 === this.photos.length; }

  /** Whether the photo is of this series, and was not the current one. */
  goTo(id) {
    const place = this.photos.findIndex(each => each.id === id);
    if (place < 0 || place === this.at) return false;
    this.at = place;
    return true;
  }
  step(by) {
    this.at = Math.min(Math.max(this.at + by, 0), this.photos.length - 1);
    if (this.compared && !this.compared.includes(this.current.id)) {
      this.compared = [...this.compared.slice(0, -1), this.current.id];
    }
  }
  /** Puts the current photo beside the best one, or ends that. */
  compare() {
    if (this.photos.length < 2) return;
    const [best, second] = this.photos;
    const other = this.current.id === best.id ? second : this.current;
    this.compared = this.compared ? null : [best.id, other.id];
  }
  /** One photo more, or fewer, side by side. */
  widen(by) {
    if (by < 0 && this.compared.length > 2) this.compared = this.compared.slice(0, -1);
    const more = by > 0 && this.photos.find(photo => !this.compared.includes(photo.id));
    if (more && this.compared.length < MOST_COMPARED) this.compared = [...this.compared, more.id];
    if (!this.compared.includes(this.current.id)) this.goTo(this.compared.at(-1));
  }
  nextPane() {
    this.goTo(this.compared[(this.compared.indexOf(this.current.id) + 1) % this.compared.length]);
  }
  choose() {
    const {id} = this.current;
    if (!this.chosen.delete(id)) this.chosen.add(id);
  }
  /** What a person cannot tell apart: the chosen or compared; else all but the rejected, which are worse. */
  tied(decisionOf) {
    if (this.chosen.size > 1) return [...this.chosen];
    if (this.compared) return this.compared;
    const left = this.ids.filter(id => decisionOf(id).flag !== "reject");
    return left.length > 1 ? left : this.ids;
  }
  /** The marks that make the current photo the only pick. */
  alone(decisionOf) {
    const {id: picked} = this.current;
    return this.ids.filter(id => id === picked || decisionOf(id).flag === "pick")
      .map(id => ({photo: id, flag: id === picked ? "pick" : ""}));
  }
}
