/** See other-node.mjs, which has to be plain JavaScript. */
export const OLDEST_NODE: string;
export function runsTypeScript(version: string): boolean;
export function findBundledNode(from: string): string | null;
export function runUnder(node: string, args: readonly string[]): void;
