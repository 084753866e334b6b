/** What is known of a photo, beside it: decision, verdict, reasons, camera, files. */
import {element} from "./element.js";
import {size, texts} from "./texts.js";

/** The state of a photo in words, and its flag. */
export function marksOf(decision) {
  const words = [];
  if (decision.flag) words.push(texts.flags[decision.flag]);
  if (decision.none_of_these) words.push(texts.noneOfThese);
  if (decision.tied) words.push(texts.tied);
  if (decision.stars) words.push("★".repeat(decision.stars));
  if (decision.label) words.push(texts.labels[decision.label]);
  return {flag: decision.flag || (decision.none_of_these ? "none" : decision.tied ? "tied" : ""), words: words.join(", ")};
}

export function about(photo, decision, {place, count, verdict}) {
  const {words, flag} = marksOf(decision);
  const {exif} = photo;
  const camera = [exif.shutter, exif.aperture, exif.iso, exif.focal_length].filter(Boolean).join("  ");
  const lines = [
    element("h3", {}, element("bdi", {}, photo.name)),
    element("p", {className: "soft"}, texts.photoOf(place, count)),
    element("p", {className: `mark ${flag}`}, words),
    element("p", {className: `verdict ${verdict}`},
      texts.verdicts[verdict] + (photo.alternative ? `, ${texts.alternative}` : "")),
  ];
  if (count > 1 && verdict !== "kept") lines.push(element("p", {className: "soft"}, texts.best(photo.probability_best)));
  if (photo.reasons.length) {
    lines.push(element("ul", {className: "reasons"},
      ...photo.reasons.map(reason => element("li", {dataset: {speaks: reason.speaks}}, reason.phrase))));
  }
  if (photo.faults.length) lines.push(element("p", {className: "unsure"}, texts.faultsOf(photo.faults)));
  lines.push(element("canvas", {id: "histogram", width: 256, height: 72, title: texts.histogram}));
  lines.at(-1).setAttribute("role", "img");
  lines.at(-1).setAttribute("aria-label", texts.histogram);
  for (const line of [exif.time?.replace("T", " "), camera, exif.lens, exif.camera]) {
    if (line) lines.push(element("p", {}, line));
  }
  if (photo.width) {
    lines.push(element("p", {className: "soft"},
      `${texts.pixels(photo.width, photo.height)}, ${texts.megapixels(photo.width, photo.height)}`));
  }
  lines.push(element("ul", {className: "files soft"},
    ...photo.files.map(file => element("li", {}, element("bdi", {}, file.name), ` ${size(file.bytes)}`))));
  return lines;
}
