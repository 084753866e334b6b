/** The bar above the photos, and the words of the page that never change. */
import {element} from "./element.js";
import {texts} from "./texts.js";

const find = id => document.getElementById(id);

for (const node of document.querySelectorAll("[data-text]")) node.textContent = texts[node.dataset.text];
for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", texts[node.dataset.label]);
find("keys").append(...texts.keyTable.map(([keys, words]) =>
  element("tr", {}, element("th", {scope: "row"}, element("kbd", {}, keys)), element("td", {}, words))));
const options = (select, words, value) => {
  select.append(...Object.entries(words).map(([key, text]) => element("option", {value: key}, text)));
  select.value = value;
};
options(find("filter"), texts.filters, "open");
options(find("order"), texts.orders, "folder");

find("show-left-out").onclick = () => find("left-out").showModal();
find("theme").onclick = () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
};

export const bar = {
  /** How far the folder is decided, and what would be taken back. */
  count(shoot) {
    find("counts").textContent = texts.counts(shoot.counts);
    for (const [id, event] of [["undo", shoot.undo], ["redo", shoot.redo]]) {
      find(id).title = texts[id](event);
      find(id).setAttribute("aria-label", texts[id](event));
      find(id).disabled = !event;
    }
  },
  /** The photos that could not be read, and why. */
  tellLeftOut(photos) {
    const button = find("show-left-out");
    button.hidden = !photos.length;
    button.textContent = find("left-out").querySelector("h2").textContent = texts.leftOut(photos.length);
    find("left-out").querySelector("ul").replaceChildren(...photos.map(({photo, reason}) =>
      element("li", {}, element("bdi", {}, photo), `: ${reason}`)));
  },
};
