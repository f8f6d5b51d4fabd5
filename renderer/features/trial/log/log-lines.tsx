/** The lines in sight. A line is one row high until it has been seen; where long lines are wrapped it is measured then. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { sayBytes } from '../../../../electron/text/say.ts';
import type { LogHit } from '../../../api/client.ts';
import { formatCount } from '../../../ui/format.ts';
import { renderLine } from './render-line.ts';
import type { LogSession, LogView } from './log-session.ts';

const LINE_PX = 18;
const OVERSCAN = 12;
const NEAR_TOP_PX = 400;
/** More rows than any screen shows. */
const RING_ROWS = 512;
const AT_END_PX = LINE_PX;
/** Heights that are remembered; following a log for days must not gather them. */
const MAX_MEASURED = 20_000;

interface LogLinesProps {
  readonly session: LogSession;
  readonly view: LogView;
  readonly following: boolean;
  readonly onFollowing: (following: boolean) => void;
  readonly hit: LogHit | null;
  readonly wrap: boolean;
}

export function LogLines({ session, view, following, onFollowing, hit, wrap }: LogLinesProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useRef<HTMLDivElement>(null);
  const { buffer } = view;
  const { firstLine } = buffer;
  const drawn = useRef({ buffer, firstLine, wrap });
  /** The first line in sight, and where it begins, seen from the upper edge. */
  const reading = useRef({ line: 0, fromEdgePx: 0 });
  const getItemKey = useCallback((index: number) => firstLine + index, [firstLine]);
  const virtualizer = useVirtualizer({
    count: buffer.lineCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: OVERSCAN,
    getItemKey,
    // Lines are measured and followed while React draws; flushing in the middle of that is refused, a frame later is soon enough.
    useFlushSync: false,
  });
  const widthPx = useWidth(scroller);

  const forgetHeights = useCallback(() => virtualizer.measure(), [virtualizer]);
  useLayoutEffect(forgetHeights, [buffer, wrap, widthPx, forgetHeights]);

  // After every drawing: nothing else knows how high a wrapped line became.
  useLayoutEffect(() => {
    if (!wrap || lines.current === null) return;
    if (virtualizer.itemSizeCache.size > MAX_MEASURED) forgetHeights();
    for (const element of lines.current.children) {
      if (element instanceof HTMLElement)
        virtualizer.resizeItem(Number(element.dataset['index']), element.offsetHeight);
    }
  });

  const totalPx = virtualizer.getTotalSize();
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (following) element.scrollTop = element.scrollHeight;
    // Lines came or went above, or are of other heights: what is being read stays where it is.
    else if (
      drawn.current.buffer === buffer &&
      (drawn.current.firstLine !== firstLine || drawn.current.wrap !== wrap)
    ) {
      const item = virtualizer.measurementsCache[reading.current.line - firstLine];
      if (item !== undefined) element.scrollTop = item.start - reading.current.fromEdgePx;
    }
    drawn.current = { buffer, firstLine, wrap };
  }, [view.version, following, buffer, firstLine, wrap, totalPx, virtualizer]);

  const hitIndex = hit === null ? null : buffer.indexAtOffset(hit.offset);
  useEffect(() => {
    if (hit === null) return;
    const index = buffer.indexAtOffset(hit.offset);
    if (index !== null) virtualizer.scrollToIndex(index, { align: 'center' });
  }, [hit, buffer, virtualizer]);

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const first = virtualizer.getVirtualItemForOffset(element.scrollTop);
    if (first !== undefined)
      reading.current = { line: firstLine + first.index, fromEdgePx: first.start - element.scrollTop };
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight;
    const atEnd = fromEnd <= AT_END_PX && view.state !== 'detached';
    if (atEnd !== following) onFollowing(atEnd);
    if (view.state === 'detached' && fromEnd < NEAR_TOP_PX) void session.loadNewer();
    if (element.scrollTop < NEAR_TOP_PX && buffer.startOffset > 0 && !atEnd) {
      void session.loadOlder();
    }
  };

  const items = virtualizer.getVirtualItems();
  return (
    <div
      ref={scroller}
      className={`log-scroll mono${wrap ? ' log-wrapped' : ''}`}
      role="log"
      aria-live="off"
      aria-label="Log"
      tabIndex={0}
      onScroll={onScroll}
    >
      {buffer.droppedAtHead > 0 && following && (
        <div className="log-dropped">
          {formatCount(buffer.droppedAtHead)} lines dropped from this view; scroll up to read them again
        </div>
      )}
      {buffer.lineCount === 0 && view.state !== 'opening' && (
        <div className="dim log-empty">{view.state === 'ended' ? 'It wrote nothing.' : 'The log is empty so far.'}</div>
      )}
      <div ref={lines} className="log-lines" style={{ height: totalPx }}>
        {items.map((item) => (
          <LogLine
            key={ringKey(firstLine + item.index)}
            index={item.index}
            bytes={buffer.line(item.index)}
            topPx={item.start}
            marked={item.index === hitIndex}
          />
        ))}
      </div>
    </div>
  );
}

/** @returns the width of an element in whole pixels; 0 before it is known. */
function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new ResizeObserver(() => setWidthPx(target.clientWidth));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return widthPx;
}

/** Rows are used again: a flood of lines changes text and makes no elements. Line numbers before the opened part are negative. */
const ringKey = (line: number): number => ((line % RING_ROWS) + RING_ROWS) % RING_ROWS;

interface LogLineProps {
  readonly index: number;
  readonly bytes: Uint8Array | number;
  readonly topPx: number;
  readonly marked: boolean;
}

const LogLine = memo(
  function LogLine({ index, bytes, topPx, marked }: LogLineProps) {
    const style = { transform: `translateY(${topPx}px)` };
    if (typeof bytes === 'number')
      return (
        <div className="log-line log-note" data-index={index} style={style}>
          {sayBytes(bytes)} dropped here: the log reached its size limit
        </div>
      );
    return (
      <div className={marked ? 'log-line log-marked' : 'log-line'} data-index={index} style={style}>
        {renderLine(bytes).map((piece, index) =>
          piece.className === '' && piece.color === null && piece.background === null ? (
            piece.text
          ) : (
            <span
              key={index}
              className={piece.className}
              style={{ color: piece.color ?? undefined, backgroundColor: piece.background ?? undefined }}
            >
              {piece.text}
            </span>
          ),
        )}
      </div>
    );
  },
  (before, after) =>
    before.index === after.index &&
    before.topPx === after.topPx &&
    before.marked === after.marked &&
    sameBytes(before.bytes, after.bytes),
);

function sameBytes(a: Uint8Array | number, b: Uint8Array | number): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;
}
