/** The requests of the page; what they mean stands in the server's `routes`. */
import {texts} from "./texts.js";

/** The server does not answer. */
export class Lost extends Error {}

async function ask(path, options) {
  const response = await fetch(`api/${path}`, options).catch(() => { throw new Lost(texts.lost); });
  const body = await response.json().catch(error => {
    if (error instanceof SyntaxError) throw new Error(texts.notUnderstood(response.status));
    throw new Lost(texts.lost);  // it ended while it answered
  });
  if (!response.ok) throw new Error(texts.errors[body.code] ?? body.error ?? texts.notUnderstood(response.status));
  return body;
}
export const get = path => ask(path, {headers: {Accept: "application/json"}});
export const post = (path, body) => ask(path, {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
});
export const picture = (photo, size) => `photos/${photo}/${size}`;
