/**
 * Loads pictures a few at a time: a browser opens six connections to a server, and what a person decides must never
 * wait behind pictures.
 */
const MOST = 3;
const waiting = [];
let loading = 0;

function next() {
  while (loading < MOST && waiting.length) {
    const {image, source, done} = waiting.shift();
    loading += 1;
    const finish = loaded => { loading -= 1; done(loaded); next(); };
    image.onload = () => finish(true);
    image.onerror = () => finish(false);
    image.src = source;
  }
}

/** Whether `image` came to show `source`. What is wanted now goes before what will be; old wishes go last. */
export function load(image, source, {urgent = false} = {}) {
  return new Promise(done => {
    const wish = {image, source, done};
    if (urgent) waiting.unshift(wish);
    else waiting.push(wish);
    next();
  });
}

/** Forgets the pictures that are no longer wanted and not yet asked for. */
export function forget(wanted) {
  for (const wish of waiting.splice(0)) {
    if (wanted(wish.image)) waiting.push(wish);
    else wish.done(false);
  }
}
