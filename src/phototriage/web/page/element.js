/** An element with properties, `data-` values among them, and children; text is never taken for HTML. */
export function element(name, {dataset, ...properties} = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
}
