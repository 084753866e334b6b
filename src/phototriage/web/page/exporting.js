/** The dialog that writes decisions to disk. */
import {post} from "./api.js";
import {element} from "./element.js";
import {texts} from "./texts.js";

const checkbox = (name, words, checked = false) =>
  element("label", {}, element("input", {type: "checkbox", name, checked}), ` ${words}`);
const choice = (name, value, words, checked) =>
  element("label", {}, element("input", {type: "radio", name, value, checked}), ` ${words}`);

export function openExport(dialog) {
  const outcome = element("div", {className: "outcome"});
  outcome.setAttribute("role", "status");
  const sidecars = element("div", {className: "sidecars"},
    element("fieldset", {}, ...Object.entries(texts.schemes).map(([name, words]) => checkbox(name, words, name === "stars"))),
    element("fieldset", {}, ...Object.entries(texts.names).map(([name, words], index) => choice("names", name, words, index === 0))),
    element("fieldset", {}, checkbox("mark_rejects", texts.markRejects), checkbox("overwrite_ratings", texts.overwrite)));
  const button = (words, run, kind = "button") => {
    const made = element("button", {type: kind}, words);
    made.onclick = run;
    return made;
  };
  const form = element("form", {method: "dialog"},
    element("h2", {}, texts.exportTitle),
    element("fieldset", {className: "tall"},
      ...Object.entries(texts.exportWhat).map(([name, words], index) => choice("what", name, words, index === 0))),
    sidecars,
    element("p", {className: "actions"},
      button(texts.dryRun, () => write(true)), button(texts.write, () => write(false)),
      button(texts.takeBack, () => send("export/undo", {dry_run: false}))),
    element("p", {}, `${texts.downloads}: `, ...Object.entries(texts.tables).flatMap(([file, words]) =>
      [element("a", {href: `api/export/${file}`, download: file}, words), " "])),
    outcome,
    element("button", {}, texts.close));
  form.oninput = () => { sidecars.hidden = form.elements.what.value !== "sidecars"; };
  dialog.replaceChildren(form);
  dialog.showModal();

  function write(dryRun) {
    const chosen = name => form.elements[name].checked;
    return send("export", {
      what: form.elements.what.value,
      dry_run: dryRun,
      schemes: Object.keys(texts.schemes).filter(chosen),
      names: form.elements.names.value,
      mark_rejects: chosen("mark_rejects"),
      overwrite_ratings: chosen("overwrite_ratings"),
    });
  }
  async function send(path, body) {
    outcome.replaceChildren(element("p", {className: "soft"}, "…"));
    try {
      const {written, changes, failures, into, gone} = await post(path, body);
      const words = body.dry_run ? texts.wouldWrite : texts.wrote;
      outcome.replaceChildren(
        element("p", {}, words(body.dry_run ? changes.length : written, into)),
        ...(gone.length ? [element("p", {className: "unsure"}, texts.gone(gone))] : []),
        element("ul", {}, ...changes.map(({file, action, marks, reason}) =>
          element("li", {}, element("bdi", {}, file), ` ${[texts.exportActions[action] ?? action, marks, reason].filter(Boolean).join(", ")}`))),
        ...(failures.length ? [element("p", {className: "unsure"}, texts.notWritten(failures.length)),
          element("ul", {}, ...failures.map(({file, reason}) =>
            element("li", {}, element("bdi", {}, file), `: ${reason}`)))] : []));
    } catch (error) {
      outcome.replaceChildren(element("p", {className: "unsure"}, error.message));
    }
  }
}
