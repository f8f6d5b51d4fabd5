/**
 * What a trial prints may be shown in a terminal, colours and cursor moves included; what would make the terminal do more is taken out:
 * strings for it (OSC, DCS, SOS, PM, APC: titles, the clipboard, key bindings) and requests it would answer as if the user had typed
 * (CSI … n, c and t). Sequences as in ECMA-48, sections 5.3 to 5.6. Pure but for the state between two chunks.
 */

const ESC = 0x1b;
const BEL = 0x07;
const C1_LEAD = 0xc2;
/** After ESC: ] P X ^ _ open a string that lasts until ESC \ (an OSC also until BEL). */
const STRING_OPENERS: ReadonlySet<number> = new Set([0x5d, 0x50, 0x58, 0x5e, 0x5f]);
/** The same as one character each, in UTF-8 after 0xc2. */
const STRING_OPENERS_C1: ReadonlySet<number> = new Set([0x9d, 0x90, 0x98, 0x9e, 0x9f]);
const ANSWERED: ReadonlySet<number> = new Set([0x6e, 0x63, 0x74]);
const CSI_LONGEST = 64;

type Mode = 'text' | 'escape' | 'control' | 'string' | 'string-escape' | 'c1';

/** @returns a function that takes the next bytes and gives those that may be shown */
export function createTerminalFilter(): (bytes: Uint8Array) => Uint8Array {
  let mode: Mode = 'text';
  let held: number[] = [];
  return (bytes) => {
    // Most output has nothing of the kind in it.
    if (mode === 'text' && !bytes.includes(ESC) && !bytes.includes(C1_LEAD)) return bytes;
    const shown: number[] = [];
    const release = (next: Mode): void => {
      shown.push(...held);
      held = [];
      mode = next;
    };
    const drop = (next: Mode): void => {
      held = [];
      mode = next;
    };
    for (const byte of bytes) {
      switch (mode) {
        case 'text':
          if (byte === ESC || byte === C1_LEAD) {
            held = [byte];
            mode = byte === ESC ? 'escape' : 'c1';
          } else shown.push(byte);
          break;
        case 'c1':
          held.push(byte);
          if (STRING_OPENERS_C1.has(byte)) drop('string');
          else if (byte === 0x9b) mode = 'control';
          else release('text');
          break;
        case 'escape':
          held.push(byte);
          if (STRING_OPENERS.has(byte)) drop('string');
          else if (byte === 0x5b) mode = 'control';
          else release('text');
          break;
        case 'control':
          held.push(byte);
          if (byte >= 0x40 && byte <= 0x7e) {
            if (ANSWERED.has(byte)) drop('text');
            else release('text');
          } else if (held.length > CSI_LONGEST || byte < 0x20) release('text');
          break;
        case 'string':
          if (byte === BEL) mode = 'text';
          else if (byte === ESC) mode = 'string-escape';
          break;
        case 'string-escape':
          mode = byte === 0x5c ? 'text' : byte === ESC ? 'string-escape' : 'string';
          break;
      }
    }
    return Uint8Array.from(shown);
  };
}
