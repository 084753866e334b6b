
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
  let frames = [];
  let chosen = [];
  let panes = new Map();
  const zoomed = zoomedPanes(find("panes"), text => { find("zoom").textContent = text; });

  function open(frame, point) {
    const series = frame.closest(".series");
    unpack(series);
    frames = framesOf(series);
    panes = new Map();
    zoomed.reset(frame, point);
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
    zoomed.draw();
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
      zoomed.arrived(frame, original);
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

  find("closer").onclick = () => zoomed.zoomBy(1.5);
  find("farther").onclick = () => zoomed.zoomBy(1 / 1.5);
  find("pixels").onclick = () => zoomed.switchPixels();
  find("close").onclick = () => dialog.close();

  function whileComparing(event) {
    const {key} = event;
    const step = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[key];
    if (step && event.shiftKey) {
      if (key === "ArrowLeft" || key === "ArrowRight") zoomed.pan(-80 * step, 0);
      else zoomed.pan(0, -80 * step);
    } else if (key === "ArrowLeft" || key === "ArrowRight") {
      const last = chosen.at(-1);
      let index = frames.indexOf(last) + step;
      while (chosen.includes(frames[index])) index += step;
      if (frames[index]) chosen = [...(chosen.length > 1 ? chosen.slice(0, -1) : []), frames[index]];
      show();
    } else if (step) {
      const next = neighbour(frames[0].closest(".series"), step);
      if (next) open(framesOf(next)[0]);
    } else if (key === "z" || key === "Z") zoomed.switchPixels();
    else if (key === "+" || key === "=") zoomed.zoomBy(1.5);
    else if (key === "-") zoomed.zoomBy(1 / 1.5);
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
