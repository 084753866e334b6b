/** How often each level occurs in a photo: brightness and the three colors. */
import {picture} from "./api.js";

const WIDTH = 256;
let known = {photo: null, counts: null};  // of the photo that was drawn last

/** Draws the histogram of a photo, by its id, unless `wanted` says by then that another one is shown. */
export async function drawHistogram(canvas, photo, wanted) {
  if (known.photo !== photo) {
    const response = await fetch(picture(photo, "preview"));
    if (!response.ok) return;
    // Not from an `img`: what a browser decodes to draw one into a canvas stays in its memory.
    const bitmap = await createImageBitmap(await response.blob(), {resizeWidth: WIDTH, resizeQuality: "low"});
    known = {photo, counts: countsOf(bitmap)};
    bitmap.close();
  }
  if (wanted()) plot(canvas, known.counts);
}

function countsOf(bitmap) {
  const {width, height} = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
  context.drawImage(bitmap, 0, 0);
  const {data} = context.getImageData(0, 0, width, height);
  const counts = [0, 1, 2, 3].map(() => new Uint32Array(256));
  for (let place = 0; place < data.length; place += 4) {
    for (let channel = 0; channel < 3; channel += 1) counts[channel][data[place + channel]] += 1;
    counts[3][(data[place] * 77 + data[place + 1] * 150 + data[place + 2] * 29) >> 8] += 1;
  }
  return counts;
}

/** Brightness filled, colors as lines; on a square root scale. */
function plot(canvas, counts) {
  const to = canvas.getContext("2d");
  const {width, height} = canvas;
  const most = Math.sqrt(Math.max(...counts[3].subarray(2, 254), 1));
  const tall = count => height * Math.min(1, Math.sqrt(count) / most);
  to.clearRect(0, 0, width, height);
  to.fillStyle = "#8888";
  counts[3].forEach((count, level) => to.fillRect(level * width / 256, height - tall(count), width / 256, tall(count)));
  ["#e04040", "#30a040", "#4060f0"].forEach((color, channel) => {
    to.strokeStyle = color;
    to.beginPath();
    counts[channel].forEach((count, level) => to.lineTo((level + 0.5) * width / 256, height - tall(count)));
    to.stroke();
  });
}
