/** Waits for a condition, not for a time. @throws Error at the deadline */
export async function until(
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
  what = 'the condition',
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what} did not come true in ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
