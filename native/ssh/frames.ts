/** The framing of resources/agent/box.py: two lengths (big endian: head, body), the head as JSON, and the body. Pure. */
import { z } from 'zod';

const LENGTHS_BYTES = 8;
/** More is sent by nobody in his right mind. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_PREAMBLE_BYTES = 256 * 1024;

const Head = z.looseObject({
  id: z.number().int(),
  fault: z.object({ code: z.enum(['not_found', 'network', 'full', 'refused']), message: z.string() }).optional(),
});
export type Head = z.infer<typeof Head>;

export interface Frame {
  readonly head: Head;
  readonly body: Buffer;
}

export function encodeFrame(head: object, body: Uint8Array): readonly Uint8Array[] {
  const text = Buffer.from(JSON.stringify(head), 'utf8');
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeUInt32BE(text.length, 0);
  lengths.writeUInt32BE(body.length, 4);
  return body.length === 0 ? [Buffer.concat([lengths, text])] : [Buffer.concat([lengths, text]), body];
}

export interface FrameReader {
  /** @returns what is whole by now. @throws Error when it is no such stream */
  push(chunk: Buffer): readonly Frame[];
  /** What the other side said of itself; null = not yet. */
  hello(): { readonly python: readonly number[] } | null;
}

const Hello = z.object({ version: z.literal(1), python: z.array(z.number().int()) });

/** @param nonce of this connection: what a login shell says before the greeting is passed over */
export function createFrameReader(nonce: string): FrameReader {
  const marker = Buffer.from(`\nSWITCHYARD-BOX ${nonce} `, 'utf8');
  let pending: Buffer[] = [];
  let size = 0;
  let hello: z.infer<typeof Hello> | null = null;

  /** Joined only when enough is there: a large body comes in many pieces. */
  const take = (): Buffer => {
    const whole = pending.length === 1 && pending[0] !== undefined ? pending[0] : Buffer.concat(pending);
    pending = [whole];
    return whole;
  };
  const drop = (count: number): void => {
    const rest = take().subarray(count);
    pending = rest.length === 0 ? [] : [rest];
    size = rest.length;
  };
  let wanted = LENGTHS_BYTES;

  function readHello(): boolean {
    const whole = take();
    const at = whole.indexOf(marker);
    const end = at < 0 ? -1 : whole.indexOf('\n', at + marker.length);
    if (end < 0) {
      if (size > MAX_PREAMBLE_BYTES) throw new Error('the other side says something else');
      return false;
    }
    hello = Hello.parse(JSON.parse(whole.subarray(at + marker.length, end).toString('utf8')));
    drop(end + 1);
    return true;
  }

  return {
    push(chunk) {
      pending.push(chunk);
      size += chunk.length;
      if (hello === null && !readHello()) return [];
      const frames: Frame[] = [];
      while (size >= wanted) {
        const whole = take();
        const headBytes = whole.readUInt32BE(0);
        const bodyBytes = whole.readUInt32BE(4);
        if (headBytes > MAX_HEAD_BYTES || bodyBytes > MAX_BODY_BYTES) throw new Error('a message is too large');
        wanted = LENGTHS_BYTES + headBytes + bodyBytes;
        if (size < wanted) break;
        const head = Head.parse(JSON.parse(whole.subarray(LENGTHS_BYTES, LENGTHS_BYTES + headBytes).toString('utf8')));
        frames.push({ head, body: whole.subarray(LENGTHS_BYTES + headBytes, wanted) });
        drop(wanted);
        wanted = LENGTHS_BYTES;
      }
      return frames;
    },
    hello: () => hello,
  };
}
