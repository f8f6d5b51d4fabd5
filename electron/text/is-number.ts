/** What reads as a number. Pure. */

const NUMBER = /^[+-]?(?:\d+[.]?\d*|[.]\d+)(?:e[+-]?\d+)?$/i;

/** @returns whether a text is a finite number as people write them: what it stands beside is compared with it as a number */
export const isNumber = (value: string): boolean => NUMBER.test(value) && Number.isFinite(Number(value));
