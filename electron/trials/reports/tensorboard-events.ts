/**
 * Scalars of TensorBoard's event files, as torch, tensorboardX, Keras and Lightning write them. Pure.
 *
 * A file is records one after the other: length (8 bytes), its checksum (4), a message (protocol buffers), its checksum (4); all little-endian,
 * checksums CRC-32C, masked. Of the messages (Event) the time, the step and scalar values are read, everything else is skipped. A record
 * that is not whole yet is left for the next time; one that is wrong ends the file: nothing tells where the next one would begin.
 */

export interface ScalarPoint {
  readonly name: string;
  readonly step: number;
  /** May be NaN or infinite. */
  readonly value: number;
  readonly atMs: number | null;
}

export interface EventsRead {
  readonly points: readonly ScalarPoint[];
  /** Bytes of whole records: the next reading begins behind them. */
  readonly usedBytes: number;
  /** What follows is not understood; there is nothing more to read. */
  readonly isBroken: boolean;
}

/** A longer record is an image or worse; files with one are given up. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
const HEAD_BYTES = 12;
const FOOT_BYTES = 4;

/** @param bytes from the beginning of a record on */
export function readScalarEvents(bytes: Uint8Array): EventsRead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const points: ScalarPoint[] = [];
  let at = 0;
  while (bytes.length - at >= HEAD_BYTES) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== maskedCrc(bytes.subarray(at, at + 8)) || length > MAX_RECORD_BYTES)
      return { points, usedBytes: at, isBroken: true };
    const end = at + HEAD_BYTES + length;
    if (end + FOOT_BYTES > bytes.length) break;
    const message = bytes.subarray(at + HEAD_BYTES, end);
    if (view.getUint32(end, true) !== maskedCrc(message)) return { points, usedBytes: at, isBroken: true };
    for (const point of readEvent(message)) points.push(point);
    at = end + FOOT_BYTES;
  }
  return { points, usedBytes: at, isBroken: false };
}

/** A field of a message: its number, and its value as its wire type has it. */
interface Field {
  readonly number: number;
  readonly varint: bigint | null;
  readonly bytes: Uint8Array | null;
}

/** @returns the fields up to the first that is not understood */
function readFields(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint | null => {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < message.length; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < message.length) {
    const key = varint();
    if (key === null) break;
    const number = Number(key >> 3n);
    const wire = Number(key & 7n);
    if (wire === 0) {
      const value = varint();
      if (value === null) break;
      fields.push({ number, varint: value, bytes: null });
      continue;
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(varint() ?? -1n) : -1;
    if (length < 0 || at + length > message.length) break;
    fields.push({ number, varint: null, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

const float64 = (bytes: Uint8Array): number =>
  bytes.length < 8 ? Number.NaN : new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
const float32 = (bytes: Uint8Array): number =>
  bytes.length < 4 ? Number.NaN : new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
const utf8 = new TextDecoder();

/** Event: 1 wall time (double, s), 2 step, 5 summary. */
function readEvent(message: Uint8Array): ScalarPoint[] {
  const fields = readFields(message);
  const time = fields.find(({ number }) => number === 1)?.bytes ?? null;
  const atMs = time === null ? null : Math.round(float64(time) * 1000);
  const step = Number(BigInt.asIntN(64, fields.find(({ number }) => number === 2)?.varint ?? 0n));
  return fields
    .filter(({ number, bytes }) => number === 5 && bytes !== null)
    .flatMap(({ bytes }) => readFields(bytes ?? new Uint8Array()))
    .filter(({ number, bytes }) => number === 1 && bytes !== null)
    .flatMap(({ bytes }) => {
      const scalar = readValue(bytes ?? new Uint8Array());
      return scalar === null ? [] : [{ ...scalar, step, atMs: atMs !== null && Number.isFinite(atMs) ? atMs : null }];
    });
}

/** Summary.Value: 1 tag, 2 simple value (float), 8 tensor. */
function readValue(message: Uint8Array): Pick<ScalarPoint, 'name' | 'value'> | null {
  const fields = readFields(message);
  const tag = fields.find(({ number }) => number === 1)?.bytes ?? null;
  if (tag === null) return null;
  const simple = fields.find(({ number }) => number === 2)?.bytes ?? null;
  const tensor = fields.find(({ number }) => number === 8)?.bytes ?? null;
  const value = simple !== null ? float32(simple) : tensor === null ? null : readTensor(tensor);
  return value === null ? null : { name: utf8.decode(tag), value };
}

const FLOAT = 1n;
const DOUBLE = 2n;

/** TensorProto with one number: 1 type, 4 content, 5 floats, 6 doubles. */
function readTensor(message: Uint8Array): number | null {
  const fields = readFields(message);
  const type = fields.find(({ number }) => number === 1)?.varint ?? null;
  const of = (number: number): Uint8Array | null => fields.find((field) => field.number === number)?.bytes ?? null;
  const bytes = of(4) ?? (type === FLOAT ? of(5) : type === DOUBLE ? of(6) : null);
  if (type === FLOAT && bytes?.length === 4) return float32(bytes);
  return type === DOUBLE && bytes?.length === 8 ? float64(bytes) : null;
}

/** CRC-32C (Castagnoli), reversed. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
