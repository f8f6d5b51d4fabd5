/**
 * Takes a container's output apart as the engine's log endpoint sends it (docs.docker.com, Engine API, "Stream format"): frames of
 * 8 bytes of header (stream, 0, 0, 0, length as 32 bits big endian) and a payload; asked with timestamps=true each payload
 * begins with an RFC 3339 time with nine decimals and a space. Pure.
 */

const HEADER_BYTES = 8;
const SPACE = 0x20;
/** A time stamp is 30 to 35 bytes long. */
const MAX_STAMP_BYTES = 40;

export interface FrameReader {
  /** Calls back for each frame completed by this chunk. The payload is a view: use it before the next chunk. */
  push(chunk: Buffer, onFrame: (stamp: string, payload: Buffer) => void): void;
}

export function createFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(chunk, onFrame) {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (data.length - at >= HEADER_BYTES) {
        const start = at + HEADER_BYTES;
        const end = start + data.readUInt32BE(at + 4);
        if (end > data.length) break;
        const space = data.indexOf(SPACE, start);
        // An engine that sends no time stamp: everything is payload.
        if (space < 0 || space >= end || space - start > MAX_STAMP_BYTES) onFrame('', data.subarray(start, end));
        else onFrame(data.toString('latin1', start, space), data.subarray(space + 1, end));
        at = end;
      }
      rest = at === data.length ? Buffer.alloc(0) : data.subarray(at);
    },
  };
}

/** @returns the stamp as the endpoint's `since` takes it: seconds and nanoseconds, "1700000000.123456789" */
export function stampToSince(stamp: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(stamp);
  if (match === null) return '0';
  return `${Math.floor(Date.parse(`${match[1]}${match[3]}`) / 1000)}.${(match[2] ?? '').padEnd(9, '0')}`;
}
