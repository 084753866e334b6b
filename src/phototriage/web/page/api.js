/** The requests of the page; what they mean stands in the server's `routes`. */

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.error || response.statusText);
  return body;
}
export const get = async path => answer(await fetch(`api/${path}`, {headers: {Accept: "application/json"}}));
export const post = async (path, body) => answer(await fetch(`api/${path}`, {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
}));
export const picture = (photo, size) => `photos/${photo}/${size}`;
