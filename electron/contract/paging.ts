/** Most trials of one answer of GET /trials: the next page is asked for with offset. A larger one would hold up everybody else. */
export const MAX_PAGE = 1_000;
