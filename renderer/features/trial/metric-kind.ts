/** What a metric's name says about it. A guess from common names; it decides colour and order, nothing else. */

/** Something one wants to grow. */
export const isScore = (name: string): boolean =>
  /acc|auc|f1|precision|recall|iou|\bmap\b|bleu|reward|score/i.test(name);

/** Something that only counts along. */
export const isCounter = (name: string): boolean =>
  /(^|[/_])(epoch|step|iter|lr|learning_rate|time|throughput)$/i.test(name);
