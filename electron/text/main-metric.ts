/**
 * Which of a trial's metrics stands for it where there is room for one, and which way is better. Told from the names alone:
 * what validation says before what training says, a loss or a score before anything else. Pure.
 */

const HELD_OUT = /(?:^|[^a-z])(?:val|valid|validation|eval|test|dev)(?:[^a-z]|$)/i;
const LOWER =
  /(?:^|[^a-z])(?:loss|nll|error|err|mse|mae|rmse|mape|perplexity|ppl|bpb|bpc|wer|cer|fid|regret|divergence|kl)(?:[^a-z]|$)/i;
const SCORE =
  /(?:^|[^a-z])(?:acc|accuracy|f1|auc|auroc|map|miou|iou|dice|bleu|rouge|reward|return|score|psnr|ssim|r2|precision|recall|top1|top5)(?:[^a-z]|$)/i;

/** Camel case is read as words: valLoss is val loss. */
const words = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2');

/** @returns true when less of it is better, as of a loss */
export function isLowerBetter(name: string): boolean {
  return LOWER.test(words(name));
}

function merit(name: string): number {
  const text = words(name);
  const isLoss = LOWER.test(text);
  return (isLoss || SCORE.test(text) ? 4 : 0) + (HELD_OUT.test(text) ? 2 : 0) + (isLoss ? 1 : 0);
}

/** @returns the one of these metrics that is shown for the trial, the same whatever their order; null of none */
export function chooseMainMetric(names: Iterable<string>): string | null {
  let best: string | null = null;
  for (const name of names) {
    if (best === null) best = name;
    else {
      const more = merit(name) - merit(best);
      if (more > 0 || (more === 0 && name < best)) best = name;
    }
  }
  return best;
}
