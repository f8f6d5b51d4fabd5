/** Time. `nowMs` may jump with the wall clock; durations and deadlines use `monotonicMs`. */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
}
