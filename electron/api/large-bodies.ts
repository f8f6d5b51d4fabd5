/**
 * Large requests, one after the other and bounded: reading JSON takes the engine's only thread, and an object with two hundred thousand
 * fields takes it for half a second however few bytes it has.
 */
import type { MiddlewareHandler } from 'hono';
import { SwitchyardError } from '../contract/errors.ts';
import { nextTurn } from '../ports/turns.ts';

/** Below this many characters a body is read within a millisecond. */
const SMALL = 32 * 1024;
/** A configuration has a bounded number of values as well; lists of numbers are not counted. */
export const MAX_FIELDS = 20_000;

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;

/** @returns whether the objects of a JSON text have more than `most` fields, all together */
export function hasMoreFields(json: string, most: number): boolean {
  // Mostly there are not even so many colons.
  let colons = 0;
  for (let at = json.indexOf(':'); at >= 0 && colons <= most; at = json.indexOf(':', at + 1)) colons += 1;
  if (colons <= most) return false;
  let fields = 0;
  for (let at = 0; at < json.length && fields <= most; at++) {
    const char = json.charCodeAt(at);
    if (char === COLON) fields += 1;
    else if (char === QUOTE) at = endOfString(json, at);
  }
  return fields > most;
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === BACKSLASH) at += 1;
    else if (char === QUOTE) return at;
  }
  return json.length;
}

/** For all routes with a body: before it is parsed. @throws SwitchyardError invalid_request */
export const largeBodiesInTurns: MiddlewareHandler = async (c, next) => {
  if (c.req.raw.body !== null) {
    // Kept by the router: who parses it reads no stream any more, so that it happens in this turn.
    const text = await c.req.text();
    if (text.length > SMALL) {
      await nextTurn();
      if (hasMoreFields(text, MAX_FIELDS))
        throw new SwitchyardError('invalid_request', `This request has more than ${MAX_FIELDS} fields.`, {
          remedy: 'Send less at once. Large tables of values belong into a file of the project.',
        });
    }
  }
  await next();
};
