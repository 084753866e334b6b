
"use strict";
(() => {
  const find = id => document.getElementById(id);
  const all = [...document.querySelectorAll(".series")];
  const shown = () => all.filter(series => !series.hidden);
  const framesOf = series => [...series.querySelectorAll(".frame")];

  // Thumbnails become pictures when their series comes near.
  function unpack(series) {
    const packed = series.querySelector("script");
    if (!packed) return;
    const pictures = series.querySelectorAll("img");
    JSON.parse(packed.textContent).forEach((base64, index) => {
      if (base64) pictures[index].src = `data:image/webp;base64,${base64}`;
    });
    packed.remove();
  }
  const near = new IntersectionObserver(entries => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      unpack(target);
      near.unobserve(target);
    }
  }, {rootMargin: "100% 0%"});
  all.forEach(series => near.observe(series));
  addEventListener("beforeprint", () => shown().forEach(unpack));

  // Which series are shown.
  const plain = text => text.normalize("NFKC").toLowerCase();
  const names = new Map();
  function filter() {
    const certainty = document.querySelector("[name=certainty]:checked").value;
    const wanted = plain(find("name").value.trim());
    let count = 0;
    for (const series of all) {
      if (wanted && !names.has(series)) {
        names.set(series, plain([...series.querySelectorAll("bdi")].map(name => name.textContent).join("\n")));
      }
      series.hidden = (certainty && series.dataset.certainty !== certainty) || (wanted && !names.get(series).includes(wanted));
      count += !series.hidden;
    }
    find("count").textContent = `${count.toLocaleString("en")} of ${all.length.toLocaleString("en")} series`;
    find("none").hidden = count > 0;
  }
  document.querySelectorAll("[name=certainty], #name").forEach(input => input.addEventListener("input", filter));
  filter();

  find("theme").onclick = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  find("help").onclick = find("keys").onclick = () => find("keyboard").showModal();
  find("copy").onclick = async () => {
    const picks = shown().flatMap(series => [...series.querySelectorAll(".pick .frame")].map(frame => frame.dataset.photo));
    try {
      await navigator.clipboard.writeText(picks.join("\n"));
      find("count").textContent = `${picks.length.toLocaleString("en")} picks copied`;
    } catch {
      find("count").textContent = "the browser does not allow copying";
    }
  };

  // One tab stop per series; arrows move between photos and series.
  function focusOn(frame) {
    framesOf(frame.closest(".series")).forEach(other => { other.tabIndex = other === frame ? 0 : -1; });
    frame.focus({preventScroll: true});
    frame.closest(".series").scrollIntoView({block: "nearest"});
    frame.closest("li").scrollIntoView({block: "nearest", inline: "nearest"});
  }
  const neighbour = (series, step) => {
    const list = shown();
    return list[list.indexOf(series) + step];
  };
  function current() {
    const frame = document.activeElement.closest(".frame");
    return frame || shown().map(series => framesOf(series)[0]).find(first => first.getBoundingClientRect().bottom > 0);
  }
  function move(key) {
    const from = current();
    if (!from) return;
    if (from !== document.activeElement) return focusOn(from);
    const series = from.closest(".series");
    const frames = framesOf(series);
    const step = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      focusOn(frames[frames.indexOf(from) + step] || from);
    } else {
      const next = neighbour(series, step);
      if (next) focusOn(framesOf(next)[0]);
    }
  }
  find("series").addEventListener("click", event => {
    const frame = event.target.closest(".frame");
    if (frame) open(frame, event.detail ? pointIn(frame.querySelector("img"), event) : null);
  });
  /** Where a picture was clicked, each way in [0, 1]. */
  function pointIn(picture, event) {
    const {left, top, width, height} = picture.getBoundingClientRect();
    return {u: (event.clientX - left) / width, v: (event.clientY - top) / height};
  }

  // Compare: up to four photos of a series, moved and zoomed as one.
  const dialog = find("compare");
  const LARGEST = 8;
  let frames = [];
  let chosen = [];
  let panes = new Map();
  // zoom: pixels of the screen per pixel of the photo, null where the whole photo is shown.
  // x, y: the point of the pane at whose middle the view stands, in [0, 1].
  let view = {zoom: null, x: 0.5, y: 0.5};
  // The photo and the point of it to be shown 1:1 once its original is there.
  let aim = null;

  function open(frame, point) {
    const series = frame.closest(".series");
    unpack(series);
    frames = framesOf(series);
    panes = new Map();
    view = {zoom: null, x: 0.5, y: 0.5};
    aim = point && {frame, ...point};
    chosen = [...new Set([frames[0], frame === frames[0] ? frames[1] ?? frame : frame])];
    find("title").textContent = series.querySelector("h2").textContent;
    find("choices").replaceChildren(...frames.map(choice));
    if (!dialog.open) dialog.showModal();
    show();
  }
  dialog.addEventListener("close", () => {
    focusOn(chosen.at(-1));
    find("panes").replaceChildren();
    panes.clear();
  });

  function choice(frame, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(frame.querySelector("img").cloneNode());
    button.title = `${index + 1}`;
    button.onclick = () => toggle(frame);
    return button;
  }
  function toggle(frame) {
    if (!frame) return;
    if (!chosen.includes(frame)) chosen = [...chosen.slice(0, 3), frame];
    else if (chosen.length > 1) chosen = chosen.filter(other => other !== frame);
    show();
  }
  function show() {
    find("panes").replaceChildren(...chosen.map(paneOf));
    find("panes").dataset.count = chosen.length;
    [...find("choices").children].forEach((button, index) => {
      button.setAttribute("aria-pressed", chosen.includes(frames[index]));
    });
    draw();
  }
  function paneOf(frame) {
    if (panes.has(frame)) return panes.get(frame);
    const item = frame.closest("li");
    const pane = document.createElement("figure");
    pane.className = `pane ${item.className}`;
    const box = document.createElement("div");
    box.className = "view";
    const about = document.createElement("figcaption");
    about.className = "about";
    about.append(...item.querySelector(".about").cloneNode(true).children);
    const note = document.createElement("p");
    note.className = "soft";
    note.textContent = "loading the original …";
    about.firstChild.after(note);
    const preview = frame.querySelector("img").cloneNode();
    const original = new Image();
    original.alt = preview.alt;
    original.draggable = preview.draggable = false;
    original.onload = () => {
      note.textContent = `${original.naturalWidth} × ${original.naturalHeight} pixels`;
      preview.replaceWith(original);
      if (aim?.frame === frame) lookAt(original);
      draw();
    };
    original.onerror = () => {
      note.textContent = "Only the small preview: the browser cannot show this file, or it is no longer there.";
      note.className = "unsure";
    };
    original.src = frame.dataset.href;
    box.append(preview);
    pane.append(box, about);
    panes.set(frame, pane);
    return pane;
  }

  /** Of the first pane its size, the scale at which pixels of the largest photo are pixels of the screen, the scale now. */
  function geometry() {
    const boxes = [...find("panes").querySelectorAll(".view")];
    const {width, height} = boxes[0].getBoundingClientRect();
    const fits = boxes.map(box => {
      const {naturalWidth, naturalHeight} = box.firstChild;
      return Math.max(naturalWidth / width, naturalHeight / height);
    });
    const one = (Math.max(...fits) || 1) / devicePixelRatio;
    return {width, height, one, scale: view.zoom === null ? 1 : view.zoom * one};
  }
  function draw() {
    if (!dialog.open) return;
    const {width, height, one, scale} = geometry();
    const margin = scale > 1 ? 0.5 / scale : 0.5;
    view.x = Math.min(Math.max(view.x, margin), 1 - margin);
    view.y = Math.min(Math.max(view.y, margin), 1 - margin);
    const left = width * (0.5 - view.x * scale);
    const top = height * (0.5 - view.y * scale);
    for (const picture of find("panes").querySelectorAll(".view img")) {
      picture.style.transform = `translate(${left.toFixed(2)}px, ${top.toFixed(2)}px) scale(${scale.toFixed(4)})`;
    }
    find("zoom").textContent = `${view.zoom === null ? "fit, " : ""}${Math.round((100 * scale) / one)}%`;
  }
  /** 1:1 where a photo was aimed at; what its pane holds whole at 1:1 stays whole. */
  function lookAt(original) {
    const {width, height, one} = geometry();
    const {naturalWidth, naturalHeight} = original;
    const fit = Math.min(width / naturalWidth, height / naturalHeight);
    if (one > 1) {
      view = {
        zoom: 1,
        x: 0.5 + (aim.u - 0.5) * naturalWidth * fit / width,
        y: 0.5 + (aim.v - 0.5) * naturalHeight * fit / height,
      };
    }
    aim = null;
  }
  /** Zooms to `zoom` so that the point of the pane at (px, py) stays where it is. */
  function zoomTo(zoom, px, py) {
    aim = null;
    const before = geometry();
    const dx = (px ?? before.width / 2) / before.width - 0.5;
    const dy = (py ?? before.height / 2) / before.height - 0.5;
    const {one} = before;
    const whole = zoom === null || (one > 1 && zoom * one <= 1);
    view.zoom = whole ? null : Math.min(Math.max(zoom, Math.min(1, 1 / one)), LARGEST);
    const {scale} = geometry();
    view.x += dx / before.scale - dx / scale;
    view.y += dy / before.scale - dy / scale;
    draw();
  }
  function zoomBy(factor, px, py) {
    const {one, scale} = geometry();
    zoomTo((scale / one) * factor, px, py);
  }
  const switchPixels = (px, py) => zoomTo(view.zoom === null ? 1 : null, px, py);
  function pan(dx, dy) {
    const {width, height, scale} = geometry();
    view.x -= dx / (width * scale);
    view.y -= dy / (height * scale);
    draw();
  }
  function within(event) {
    const box = event.target.closest(".view");
    if (!box) return null;
    const {left, top} = box.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  const fingers = new Map();
  find("panes").addEventListener("wheel", event => {
    const at = within(event);
    if (!at) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 40 : event.deltaY;
    zoomBy(Math.exp(-0.1 * Math.max(-5, Math.min(5, lines)) * (event.ctrlKey ? 4 : 1)), ...at);
  }, {passive: false});
  find("panes").addEventListener("dblclick", event => {
    const at = within(event);
    if (at) switchPixels(...at);
  });
  find("panes").addEventListener("pointerdown", event => {
    const box = event.target.closest(".view");
    if (!box || event.button) return;
    box.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
  });
  find("panes").addEventListener("pointermove", event => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const other = [...fingers.values()].find(finger => finger !== last);
    if (other) {
      const distance = to => Math.hypot(to.clientX - other.clientX, to.clientY - other.clientY);
      const at = within(event);
      zoomBy(distance(event) / Math.max(1, distance(last)), ...at);
    }
    const share = fingers.size;
    pan((event.clientX - last.clientX) / share, (event.clientY - last.clientY) / share);
    fingers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    find("panes").addEventListener(end, event => fingers.delete(event.pointerId));
  }
  new ResizeObserver(draw).observe(find("panes"));
  find("closer").onclick = () => zoomBy(1.5);
  find("farther").onclick = () => zoomBy(1 / 1.5);
  find("pixels").onclick = () => switchPixels();
  find("close").onclick = () => dialog.close();

  function whileComparing(event) {
    const {key} = event;
    const step = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[key];
    if (step && event.shiftKey) {
      if (key === "ArrowLeft" || key === "ArrowRight") pan(-80 * step, 0);
      else pan(0, -80 * step);
    } else if (key === "ArrowLeft" || key === "ArrowRight") {
      const last = chosen.at(-1);
      let index = frames.indexOf(last) + step;
      while (chosen.includes(frames[index])) index += step;
      if (frames[index]) chosen = [...(chosen.length > 1 ? chosen.slice(0, -1) : []), frames[index]];
      show();
    } else if (step) {
      const next = neighbour(frames[0].closest(".series"), step);
      if (next) open(framesOf(next)[0]);
    } else if (key === "z" || key === "Z") switchPixels();
    else if (key === "+" || key === "=") zoomBy(1.5);
    else if (key === "-") zoomBy(1 / 1.5);
    else if (key === "c" || key === "C") dialog.close();
    else if (/^[1-9]$/.test(key)) toggle(frames[key - 1]);
    else return false;
    return true;
  }
  function onPage(event) {
    const {key} = event;
    if (event.shiftKey && key.startsWith("Arrow")) return false;
    if (key.startsWith("Arrow")) move(key);
    else if (key === "c" || key === "C") { const frame = current(); if (frame) open(frame); }
    else if (key === "/") find("name").focus();
    else return false;
    return true;
  }
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || find("keyboard").open) return;
    if (event.target.matches("[type=search]") || (event.target.matches("[type=radio]") && event.key.startsWith("Arrow"))) return;
    const handled = event.key === "?" ? (find("keyboard").showModal(), true) : (dialog.open ? whileComparing : onPage)(event);
    if (handled) event.preventDefault();
  });
})();
