/** What a key means, whatever the layout of the keyboard. */

const LATIN = /^[\x00-\x7f]+$/;

/**
 * The name of a key: a lower-case letter, a digit, a sign, or as in `KeyboardEvent.key`.
 *
 * Where letters or digits are not Latin, a key is known by its place, and so is a digit where it takes Shift, as in
 * France.
 */
export function keyOf({key, code, shiftKey}) {
  const typed = key.length === 1 ? key.toLowerCase() : key;
  if (/^Digit[0-9]$/.test(code) && !shiftKey) return code.at(-1);
  return /^(Key[A-Z]|(Digit|Numpad)[0-9])$/.test(code) && !LATIN.test(typed) ? code.at(-1).toLowerCase() : typed;
}
