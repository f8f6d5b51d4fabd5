/**
 * A window over a log file: raw bytes in blocks, cut into lines by position only. Nothing is decoded until it is seen.
 *
 * Invariants: blocks are contiguous and in order, apart from ranges the engine dropped (a block of kind "gap" is one line);
 * every line begins in exactly one block; a line longer than MAX_LINE_BYTES is cut into several.
 * Over the cap the far end is let go: the head while following, the tail while reading older lines.
 */

const MAX_LINE_BYTES = 64 * 1024;
const NEWLINE = 10;

interface Block {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Start of every line, in bytes from the block's beginning. */
  readonly starts: readonly number[];
  /** Sequence number of the block's first line; rises through the window. */
  firstLine: number;
  readonly gapBytes: number;
}

export interface BufferLimits {
  readonly maxLines: number;
  readonly maxBytes: number;
}

function cutLines(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    starts.push(at);
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline + 1;
    // A program that never writes a newline must not become one endless line.
    for (let cut = at + MAX_LINE_BYTES; cut < end; cut += MAX_LINE_BYTES) starts.push(cut);
    at = end;
  }
  return starts;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

export class LogBuffer {
  private blocks: Block[] = [];
  private readonly limits: BufferLimits;
  private bytesHeld = 0;
  /** Lines let go at the head since the window was opened. */
  droppedAtHead = 0;
  /** Whether the tail was let go: what follows must be read again. */
  tailDetached = false;

  constructor(limits: BufferLimits) {
    this.limits = limits;
  }

  get firstLine(): number {
    return this.blocks[0]?.firstLine ?? 0;
  }

  get lineCount(): number {
    const last = this.blocks.at(-1);
    return last === undefined ? 0 : last.firstLine + last.starts.length - this.firstLine;
  }

  /** First and next byte of the window. */
  get startOffset(): number {
    return this.blocks[0]?.offset ?? 0;
  }

  get endOffset(): number {
    const last = this.blocks.at(-1);
    return last === undefined ? 0 : last.offset + Math.max(last.bytes.length, last.gapBytes);
  }

  /** Adds bytes at the end; a line left open by the block before is continued. */
  append(offset: number, added: Uint8Array): void {
    if (added.length === 0) return;
    let bytes = added;
    let at = offset;
    let firstLine = 0;
    const last = this.blocks.at(-1);
    if (last !== undefined) {
      firstLine = last.firstLine + last.starts.length;
      const openStart = last.starts.at(-1);
      const open =
        last.gapBytes === 0 &&
        openStart !== undefined &&
        last.bytes.at(-1) !== NEWLINE &&
        last.bytes.length - openStart < MAX_LINE_BYTES;
      if (open) {
        bytes = join(last.bytes.subarray(openStart), added);
        at = offset - (last.bytes.length - openStart);
        firstLine -= 1;
        this.bytesHeld -= last.bytes.length - openStart;
        this.blocks.pop();
        if (openStart > 0)
          this.blocks.push({ ...last, bytes: last.bytes.subarray(0, openStart), starts: last.starts.slice(0, -1) });
      }
    }
    this.blocks.push({ offset: at, bytes, starts: cutLines(bytes), firstLine, gapBytes: 0 });
    this.bytesHeld += bytes.length;
  }

  /** Marks a range the engine no longer has; shown as one line. */
  appendGap(from: number, to: number): void {
    const last = this.blocks.at(-1);
    this.blocks.push({
      offset: from,
      bytes: new Uint8Array(),
      starts: [0],
      firstLine: last === undefined ? 0 : last.firstLine + last.starts.length,
      gapBytes: to - from,
    });
  }

  /** Adds older bytes at the front. The caller reads from a line's beginning. @returns how many lines came in. */
  prepend(offset: number, bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const starts = cutLines(bytes);
    this.blocks.unshift({ offset, bytes, starts, firstLine: this.firstLine - starts.length, gapBytes: 0 });
    this.bytesHeld += bytes.length;
    return starts.length;
  }

  /** Lets go of the head until the window fits. @returns lines let go. */
  trimHead(): number {
    let dropped = 0;
    while (this.blocks.length > 1 && this.isOver()) {
      const block = this.blocks.shift()!;
      dropped += block.starts.length;
      this.bytesHeld -= block.bytes.length;
    }
    this.droppedAtHead += dropped;
    return dropped;
  }

  /** Lets go of the tail until the window fits; `tailDetached` says that it happened. */
  trimTail(): void {
    while (this.blocks.length > 1 && this.isOver()) {
      this.bytesHeld -= this.blocks.pop()!.bytes.length;
      this.tailDetached = true;
    }
  }

  isOver(): boolean {
    return this.lineCount > this.limits.maxLines || this.bytesHeld > this.limits.maxBytes;
  }

  /** @returns a line by its position in the window, without its newline; a number is a dropped range in bytes. */
  line(index: number): Uint8Array | number {
    const block = this.blockOf(index + this.firstLine);
    if (block === undefined) return new Uint8Array();
    if (block.gapBytes > 0) return block.gapBytes;
    const at = index + this.firstLine - block.firstLine;
    const start = block.starts[at]!;
    let end = block.starts[at + 1] ?? block.bytes.length;
    if (end > start && block.bytes[end - 1] === NEWLINE) end -= 1;
    return block.bytes.subarray(start, end);
  }

  /** @returns the position in the window of the line that holds a byte; null when it is not in the window. */
  indexAtOffset(offset: number): number | null {
    if (offset < this.startOffset || offset >= this.endOffset) return null;
    const block = this.blocks.findLast((each) => each.offset <= offset);
    if (block === undefined) return null;
    const at = block.starts.findLastIndex((start) => start <= offset - block.offset);
    return block.firstLine + Math.max(0, at) - this.firstLine;
  }

  private blockOf(line: number): Block | undefined {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.blocks[middle]!.firstLine <= line) low = middle;
      else high = middle - 1;
    }
    return this.blocks[low];
  }
}
