/** How smoothly a window draws while something happens. */
import type { Page } from '@playwright/test';

export interface FrameFigures {
  readonly frames: number;
  readonly longestMs: number;
  /** 95 of 100 frames came at least this quickly after the one before. */
  readonly p95Ms: number;
  readonly overFiftyMs: number;
}

interface FrameRecorder {
  times: number[];
  running: boolean;
}
interface RecordingWindow {
  requestAnimationFrame(callback: (nowMs: number) => void): void;
  frameRecorder?: FrameRecorder;
}

/** @param during what happens while every frame of the page is timed */
export async function measureFrames(page: Page, during: () => Promise<void>): Promise<FrameFigures> {
  await page.evaluate(() => {
    const window = globalThis as unknown as RecordingWindow;
    const recorder: FrameRecorder = { times: [], running: true };
    window.frameRecorder = recorder;
    const note = (nowMs: number): void => {
      recorder.times.push(nowMs);
      if (recorder.running) window.requestAnimationFrame(note);
    };
    window.requestAnimationFrame(note);
  });
  await during();
  const times = await page.evaluate(() => {
    const recorder = (globalThis as unknown as RecordingWindow).frameRecorder;
    if (recorder === undefined) return [];
    recorder.running = false;
    return recorder.times;
  });
  const gaps = times
    .slice(1)
    .map((time, index) => time - (times[index] ?? time))
    .toSorted((a, b) => a - b);
  return {
    frames: gaps.length,
    longestMs: gaps.at(-1) ?? 0,
    p95Ms: gaps[Math.floor(gaps.length * 0.95)] ?? 0,
    overFiftyMs: gaps.filter((gap) => gap > 50).length,
  };
}

export function describeFrames({ frames, longestMs, p95Ms, overFiftyMs }: FrameFigures): string {
  return `${frames} frames, longest ${longestMs.toFixed(0)} ms, 95 % within ${p95Ms.toFixed(0)} ms, ${overFiftyMs} over 50 ms`;
}
