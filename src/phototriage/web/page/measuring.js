/** The page while the folder is measured. */
import {get} from "./api.js";
import {element} from "./element.js";
import {texts} from "./texts.js";

const find = id => document.getElementById(id);

/** Shows the progress; whether the folder can be reviewed in the end. */
export async function measured() {
  for (;;) {
    const {stage, done, total, notes, error} = await get("progress");
    if (stage === "ready") {
      find("measuring").hidden = true;
      return true;
    }
    find("measuring").hidden = false;
    if (stage === "failed") {
      find("measuring-count").textContent = texts.failed + error;
      return false;
    }
    find("measured").max = total || 1;
    find("measured").value = done;
    find("measuring-count").textContent = total ? texts.measured(done, total) : texts.looking;
    find("notes").replaceChildren(...notes.map(note => element("li", {}, note)));
    await new Promise(later => setTimeout(later, 200));
  }
}
