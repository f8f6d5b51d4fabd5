/**
 * One `-S` override, as parsed: what to do, with which key, to which value or sweep.
 * The grammar is DVC's, which is Hydra's basic override syntax (hydra.cc/docs/advanced/override_grammar/basic).
 */
import type { Element } from './value.ts';

/** Several values instead of one, each tried in a trial of its own. */
export type Sweep =
  | {
      readonly kind: 'choice';
      readonly items: readonly Element[];
      readonly simple: boolean;
      readonly shuffle: boolean;
      readonly tags: readonly string[];
    }
  | {
      readonly kind: 'range';
      readonly start: bigint | number;
      readonly stop: bigint | number;
      readonly step: bigint | number;
      readonly shuffle: boolean;
      readonly tags: readonly string[];
    }
  | { readonly kind: 'interval'; readonly start: number; readonly end: number; readonly tags: readonly string[] }
  | { readonly kind: 'glob'; readonly include: readonly string[]; readonly exclude: readonly string[] };

/** `key=v` changes what exists, `+key=v` adds, `++key=v` does either, `~key` deletes. */
export type OverrideKind = 'change' | 'add' | 'force' | 'delete';

export interface Override {
  readonly kind: OverrideKind;
  /** Dotted path; empty is possible (`=1`) and refused where it is applied. */
  readonly key: string;
  /** What stands after `@` in the key; null where there is none. */
  readonly package: string | null;
  /** Undefined for `~key` without a value. */
  readonly value: { readonly element: Element } | { readonly sweep: Sweep } | undefined;
  /** As it was written. */
  readonly text: string;
}

/** An override that cannot be read or applied. `at` is the index of the character in the override's text, where one is to blame. */
export class OverrideError extends Error {
  readonly override: string;
  readonly at: number | null;
  constructor(override: string, message: string, at: number | null = null) {
    super(message);
    this.override = override;
    this.at = at;
  }
}
