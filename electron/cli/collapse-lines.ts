/**
 * Progress bars draw over their own line with carriage returns. A file or a program that gets the log wants what stood there last:
 * of each line the part behind its last carriage return. Pure, in bytes; a line end of Windows is one.
 */

const NEWLINE = 10;
const RETURN = 13;
/** A line longer than this without a carriage return is passed on in parts. */
const LONGEST_KEPT = 1024 * 1024;

export interface LineCollapser {
  /** @returns what is certain by now */
  take(bytes: Uint8Array): Buffer;
  /** @returns the rest: a last line without an end */
  end(): Buffer;
}

export function createLineCollapser(): LineCollapser {
  /** The line that has no end yet, without what was drawn over. */
  let line: Buffer = Buffer.alloc(0);

  return {
    take(bytes) {
      const whole = Buffer.concat([line, bytes]);
      const done: Buffer[] = [];
      let from = 0;
      for (let end = whole.indexOf(NEWLINE); end >= 0; end = whole.indexOf(NEWLINE, from)) {
        done.push(lastDrawn(whole.subarray(from, end)), whole.subarray(end, end + 1));
        from = end + 1;
      }
      line = openLine(whole.subarray(from));
      if (line.length > LONGEST_KEPT) {
        done.push(line);
        line = Buffer.alloc(0);
      }
      return Buffer.concat(done);
    },
    end() {
      const rest = lastDrawn(line);
      line = Buffer.alloc(0);
      return rest;
    },
  };
}

/** Of a line that is complete: what stands behind its last carriage return; those at its very end erase nothing. */
function lastDrawn(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && line[end - 1] === RETURN) end -= 1;
  return line.subarray(line.lastIndexOf(RETURN, end - 1) + 1, end);
}

/** Of a line that goes on: it may still be drawn over, or end here. */
function openLine(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && line[end - 1] === RETURN) end -= 1;
  return Buffer.from(line.subarray(end === 0 ? 0 : line.lastIndexOf(RETURN, end - 1) + 1));
}
