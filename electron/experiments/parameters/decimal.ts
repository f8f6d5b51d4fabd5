/**
 * Sums of floats as Python's decimal module makes them with its default context (28 significant digits, half to even): a range of floats is
 * counted that way by Hydra, which is why 0, 3.3, 6.6, 9.9 comes out as written. Pure.
 */
const DIGITS = 28;

interface Decimal {
  readonly units: bigint;
  /** The value is units x 10^-scale. */
  readonly scale: number;
}

/** The float, exactly. @param value finite */
function fromFloat(value: number): Decimal {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponentBits = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = exponentBits === 0 ? fraction : fraction | (1n << 52n);
  const power = (exponentBits === 0 ? 1 : exponentBits) - 1075;
  const sign = value < 0 ? -1n : 1n;
  return power >= 0
    ? { units: sign * (mantissa << BigInt(power)), scale: 0 }
    : { units: sign * mantissa * 5n ** BigInt(-power), scale: -power };
}

function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const units = a.units * 10n ** BigInt(scale - a.scale) + b.units * 10n ** BigInt(scale - b.scale);
  const digits = (units < 0n ? -units : units).toString().length;
  if (digits <= DIGITS) return { units, scale };
  const divisor = 10n ** BigInt(digits - DIGITS);
  let quotient = units / divisor;
  const rest = units % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n !== 0n)) quotient += units < 0n ? -1n : 1n;
  return { units: quotient, scale: scale - (digits - DIGITS) };
}

const toFloat = ({ units, scale }: Decimal): number => Number(`${units}e${-scale}`);

/** start, start + step, ... up to but without `stop`. @param limit no more than these many are counted */
export function floatRange(start: number, stop: number, step: number, limit: number): number[] {
  const values: number[] = [];
  const by = fromFloat(step);
  for (let at = fromFloat(start); values.length < limit; at = add(at, by)) {
    const value = toFloat(at);
    if (step > 0 ? value >= stop : value <= stop) break;
    values.push(value);
  }
  return values;
}
