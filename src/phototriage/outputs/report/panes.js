
/**
 * Pictures side by side, moved and zoomed as one: the `img` in every `.view` of `container`.
 *
 * A picture's size in pixels is that of its file, or `data-width` and `data-height` where a smaller rendition
 * stands for it. `onZoom` is called with the zoom in words.
 */
export function zoomedPanes(container, onZoom) {
  const LARGEST = 8;
  // zoom: pixels of the screen per pixel of the photo, null where the whole photo is shown.
  // x, y: the point of the pane at whose middle the view stands, in [0, 1].
  let view = {zoom: null, x: 0.5, y: 0.5};
  // The key of a photo and the point of it to be shown 1:1 once it is there.
  let aim = null;
  // A picture → the point of it that stands in the middle of its pane, and the height of what is there, in [0, 1].
  let placeIn = null;
  let fillsHalf = false;
  function sizeOf(picture) {
    const [width, height] = [Number(picture.dataset.width), Number(picture.dataset.height)];
    const {naturalWidth, naturalHeight} = picture;
    if (!width) return {naturalWidth, naturalHeight};
    // The file may be stored on its side.
    const turned = naturalWidth && (width - height) * (naturalWidth - naturalHeight) < 0;
    return turned ? {naturalWidth: height, naturalHeight: width} : {naturalWidth: width, naturalHeight: height};
  }
  const pictures = () => [...container.querySelectorAll(".view img")];

  /** Of the first pane its size, the scale at which pixels of the largest photo are pixels of the screen, the scale now. */
  function geometry() {
    const boxes = [...container.querySelectorAll(".view")];
    const {width, height} = boxes[0].getBoundingClientRect();
    const fits = boxes.map(box => {
      const {naturalWidth, naturalHeight} = sizeOf(box.querySelector("img"));
      return Math.max(naturalWidth / width, naturalHeight / height);
    });
    const one = (Math.max(...fits) || 1) / devicePixelRatio;
    return {width, height, one, scale: view.zoom === null ? 1 : view.zoom * one};
  }
  function draw() {
    if (!container.querySelector(".view")?.clientWidth) return;
    const {width, height, one, scale} = geometry();
    const margin = placeIn && view.zoom !== null ? 0 : scale > 1 ? 0.5 / scale : 0.5;
    view.x = Math.min(Math.max(view.x, margin), 1 - margin);
    view.y = Math.min(Math.max(view.y, margin), 1 - margin);
    for (const picture of pictures()) {
      const {x, y} = middleOf(picture, width, height);
      const left = width * (0.5 - x * scale);
      const top = height * (0.5 - y * scale);
      picture.style.transform = `translate(${left.toFixed(2)}px, ${top.toFixed(2)}px) scale(${scale.toFixed(4)})`;
    }
    onZoom(`${view.zoom === null ? "fit, " : ""}${Math.round((100 * scale) / one)}%`);
  }
  /** The point of a pane at whose middle its picture stands. */
  function middleOf(picture, width, height) {
    const place = view.zoom !== null && placeIn?.(picture);
    const {naturalWidth, naturalHeight} = picture;
    if (!place || !naturalWidth) return view;
    const fit = Math.min(width / naturalWidth, height / naturalHeight);
    return {
      x: view.x + (place.x - 0.5) * naturalWidth * fit / width,
      y: view.y + (place.y - 0.5) * naturalHeight * fit / height,
    };
  }
  /** To where what panes are locked on fills half of them, at most to twice 1:1, once a picture of it is there. */
  function fillHalf() {
    const first = fillsHalf && pictures().find(picture => picture.naturalWidth && placeIn(picture));
    if (!first) return;
    const {height, one} = geometry();
    const filling = 0.5 * height * devicePixelRatio / (placeIn(first).height * sizeOf(first).naturalHeight);
    view.zoom = Math.max(Math.min(filling, 2), 1.2 / one);
    fillsHalf = false;
  }
  /** 1:1 where a photo was aimed at; what its pane holds whole at 1:1 stays whole. */
  function lookAt(picture) {
    const {width, height, one} = geometry();
    const {naturalWidth, naturalHeight} = sizeOf(picture);
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
    fillsHalf = false;
    if (placeIn && view.zoom === null) [view.x, view.y, px, py] = [0.5, 0.5];
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
  container.addEventListener("wheel", event => {
    const at = within(event);
    if (!at) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / 40 : event.deltaY;
    zoomBy(Math.exp(-0.1 * Math.max(-5, Math.min(5, lines)) * (event.ctrlKey ? 4 : 1)), ...at);
  }, {passive: false});
  container.addEventListener("dblclick", event => {
    const at = within(event);
    if (at) switchPixels(...at);
  });
  container.addEventListener("pointerdown", event => {
    const box = event.target.closest(".view");
    if (!box || event.button) return;
    box.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
  });
  container.addEventListener("pointermove", event => {
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
    container.addEventListener(end, event => fingers.delete(event.pointerId));
  }
  new ResizeObserver(draw).observe(container);

  return {
    draw, zoomBy, switchPixels, pan,
    /** Whether pixels are shown, and not whole photos. */
    get zoomed() { return view.zoom !== null; },
    /** Whole photos again; 1:1 at a point of the photo with that key once it has arrived. */
    reset(key, point) {
      view = {zoom: null, x: 0.5, y: 0.5};
      aim = point ? {key, ...point} : null;
    },
    /**
     * Keeps a place of each photo in the middle of its pane, `place` being called with the `img`; null lets go.
     *
     * It zooms in, unless it was locked before.
     */
    lockOn(place) {
      if (!container.querySelector(".view")) return;
      if (!place) {
        const {width, height} = geometry();
        const {x, y} = middleOf(pictures()[0], width, height);
        Object.assign(view, {x, y});
      } else {
        aim = null;
        Object.assign(view, {x: 0.5, y: 0.5});
      }
      fillsHalf = place && (fillsHalf || !placeIn);
      placeIn = place;
      fillHalf();
      draw();
    },
    /** To be called when the picture of a key stands in its pane. */
    arrived(key, picture) {
      if (aim && aim.key === key) lookAt(picture);
      fillHalf();
      draw();
    },
  };
}
